"""Paths → the files to read: folders and patterns searched through, archives looked into, the facts beside them."""

import glob
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath

from corpus.archive import Member, members, unpacked
from corpus.catalogue import NAME, Catalogue, Entry, load, sidecar, slug
from corpus.document import CorpusError, Work
from corpus.readers import read, read_file, suffixes
from corpus.reading import Reading

_ARCHIVE = ".zip"
_MEMBER = re.compile(r"(?P<archive>.+?\.zip)!(?P<member>.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read, or a `member` of it if it is an archive. `label` is what it is called.

    `data` are the bytes of one that is in no file. `entry` and `work` are what is known beforehand; without
    `is_catalogued` the document's name is made of the path.
    """

    label: str
    file: Path
    entry: Entry
    work: Work | None
    is_catalogued: bool
    member: Member | None = None
    data: bytes | None = None

    @property
    def named_after(self) -> str | None:
        """The path that the document's name was made of."""
        return None if self.is_catalogued else str(self.file.resolve()) + self.label.removeprefix(str(self.file))

    def read(self) -> Reading:
        """Raises CorpusError if it can't be read."""
        if self.member:
            return read(PurePosixPath(self.member.name).name, unpacked(self.file, self.member))
        return read_file(self.file) if self.data is None else read(self.label, self.data)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What was found and can't be a source, and why."""

    label: str
    problem: str


def opened(file: Path) -> list[Member]:
    """The members of an archive that can be read. Raises CorpusError."""
    return [held for held in members(file, suffixes()) if not _is_litter(PurePosixPath(held.name))]


def sources(
    paths: Sequence[Path], opened: Callable[[Path], Sequence[Member]] = opened
) -> Iterator[Source | Unreadable]:
    """All that `paths` name, in order; symbolic links in folders are not followed."""
    catalogues: dict[Path, Catalogue] = {}
    told = set[str]()
    for folder, file in files(paths):
        try:
            if file.suffix.lower() == _ARCHIVE:
                yield from (_source(folder, file, member, catalogues) for member in opened(file))
            else:
                yield _source(folder, file, None, catalogues)
        except CorpusError as error:
            same = f"{file}: can't be read either; see above"  # a catalogue is of many files
            yield Unreadable(str(file), same if str(error) in told else str(error))
            told.add(str(error))
    for folder, catalogue in catalogues.items():
        for name, entry in catalogue.entries.items():
            if not _is_there(folder, name):
                problem = f"{entry.document} names the file {name!r}, which is not there; correct or remove its entry"
                yield Unreadable(str(folder / NAME), f"{folder / NAME}: {problem}")


def files(paths: Sequence[Path]) -> list[tuple[Path, Path]]:
    """(folder, file) for each file that `paths` name; a path that is none may be a pattern, as in `minutes/*.txt`."""
    found: list[tuple[Path, Path]] = []
    for path in paths:
        matching = [Path(name) for name in sorted(glob.glob(str(path), recursive=True))] if not path.exists() else []
        for held in matching or [path]:
            if held.is_dir():
                found += ((held, file) for file in sorted(held.rglob("*")) if _is_wanted(held, file))
            elif not matching or held.suffix.lower() in {*suffixes(), _ARCHIVE}:
                found.append((held.parent, held))
    return list(dict.fromkeys(found))


def other_formats(paths: Sequence[Path]) -> Counter[str]:
    """How many files of each other suffix lie in the folders that `paths` name, and are left aside."""
    folders = [Path(name) for path in paths for name in ([path] if path.exists() else glob.glob(str(path)))]
    found = {file for folder in folders if folder.is_dir() for file in folder.rglob("*") if _is_other(folder, file)}
    return Counter(file.suffix.lower() or file.name for file in found)


def path_below(folder: Path, label: str) -> str:
    """What a catalogue in `folder` calls the file or member that a source's label names."""
    inside = _MEMBER.fullmatch(label)
    path = Path(inside["archive"] if inside else label).relative_to(folder)
    if not inside:
        return path.as_posix()
    within = [part for part in PurePosixPath(inside["member"]).parts if part not in ("/", "..")]
    return path.with_suffix("").joinpath(*within).as_posix()


def _is_there(folder: Path, name: str) -> bool:
    """Whether a catalogue's file, or an archive that it could be in, is in the folder."""
    return (folder / name).exists() or any((folder / f"{above}{_ARCHIVE}").exists() for above in Path(name).parents)


def _is_wanted(folder: Path, file: Path) -> bool:
    return file.suffix.lower() in {*suffixes(), _ARCHIVE} and _is_in_sight(folder, file)


def _is_other(folder: Path, file: Path) -> bool:
    return file.suffix.lower() not in {*suffixes(), _ARCHIVE, ".toml"} and _is_in_sight(folder, file)


def _is_in_sight(folder: Path, file: Path) -> bool:
    return file.is_file() and not file.is_symlink() and not _is_litter(file.relative_to(folder))


def _is_litter(path: PurePath) -> bool:
    """Whether it is hidden, or what macOS and Word leave behind: no document of anybody's."""
    return any(part.startswith((".", "~$")) or part == "__MACOSX" for part in path.parts if part != "..")


def _source(folder: Path, file: Path, member: Member | None, catalogues: dict[Path, Catalogue]) -> Source:
    label = f"{file}!{member.name}" if member else str(file)
    path = Path(path_below(folder, label)) if member else file.relative_to(folder)
    beside = None if member else sidecar(file, path.name)
    found = beside or _nearest(folder, file, catalogues)
    below = path.name if beside else path.relative_to(_home(folder, file, catalogues).relative_to(folder)).as_posix()
    entry = found.entries.get(below)
    known = entry or Entry(slug(path.as_posix()))
    return Source(label, file, known, found.works[known.work] if known.work else None, entry is not None, member)


def _nearest(folder: Path, file: Path, catalogues: dict[Path, Catalogue]) -> Catalogue:
    return _catalogue(_home(folder, file, catalogues), catalogues)


def _home(folder: Path, file: Path, catalogues: dict[Path, Catalogue]) -> Path:
    """The folder, of those from the file's own up to `folder`, whose catalogue is the nearest; else `folder`."""
    above = [parent for parent in file.parents if parent.is_relative_to(folder)]
    return next((parent for parent in above if _catalogue(parent, catalogues).entries), folder)


def _catalogue(folder: Path, catalogues: dict[Path, Catalogue]) -> Catalogue:
    if folder not in catalogues:
        catalogues[folder] = load(folder)
    return catalogues[folder]
