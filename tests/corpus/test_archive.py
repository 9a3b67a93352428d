"""What a .zip holds: known formats in order, bombs and damaged members named, the rest still read."""

import zipfile
from pathlib import Path

import pytest

from corpus.archive import members, unpacked
from corpus.document import CorpusError
from corpus.readers import suffixes


def test_known_formats_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in ("b.txt", "中文/a.md", "picture.png", "inner.zip", "a.TXT"):
            archive.writestr(name, name)
        archive.mkdir("folder.txt.d")
    held = members(tmp_path / "a.zip", suffixes())
    assert [member.name for member in held] == ["a.TXT", "b.txt", "中文/a.md"]
    assert [unpacked(tmp_path / "a.zip", member) for member in held] == [b"a.TXT", b"b.txt", "中文/a.md".encode()]


def test_a_bomb_and_a_damaged_member_are_named_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.txt", "0" * (30 << 20))
        archive.writestr(zipfile.ZipInfo("damaged.txt"), b"the words that will be damaged")
        archive.writestr("good.txt", "good")
    path.write_bytes(path.read_bytes().replace(b"the words", b"the w0rds"))
    bomb, damaged, good = members(path, suffixes())
    with pytest.raises(CorpusError, match="a.zip!bomb.txt: unpacks to 31457280 bytes, too many to be taken"):
        unpacked(path, bomb)
    with pytest.raises(CorpusError, match="a.zip!damaged.txt: can't be unpacked .Bad CRC-32"):
        unpacked(path, damaged)
    assert unpacked(path, good) == b"good"


def test_an_archive_that_is_replaced_is_looked_into_anew(tmp_path: Path) -> None:
    for names in (("a.txt", "b.txt"), ("c.txt",)):
        with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
            for name in names:
                archive.writestr(name, name)
        held = members(tmp_path / "a.zip", suffixes())
        assert [unpacked(tmp_path / "a.zip", member).decode() for member in held] == list(names)


def test_what_is_no_archive_says_so(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"no archive")
    with pytest.raises(CorpusError, match="a.zip: not a readable ZIP .*; pack it anew"):
        members(tmp_path / "a.zip", suffixes())


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("gb18030", ["会议纪要/第二次会议.txt", "会议纪要/附件（终稿）.md"]),
        ("big5", ["會議紀錄/第一次會議.txt", "關於水的講話.txt"]),
        ("big5", ["中俄.txt"]),
        ("cp866", ["Протокол заседания.txt", "речь министра.md"]),
        ("cp1251", ["ДОГОВОР.txt", "отчёт за 2021 год.txt"]),
        ("utf-8", ["会议.txt", "отчёт.txt"]),
        ("cp437", ["café.txt", "Übersicht.md"]),
    ],
)
def test_names_are_read_as_the_machine_that_packed_them_wrote_them(
    tmp_path: Path, encoding: str, names: list[str]
) -> None:
    path, said = tmp_path / "a.zip", "日本.txt"  # this one has the flag
    packed = [name.encode(encoding) for name in names]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(said, said)
        for at, name in enumerate(packed):
            archive.writestr(str(at) * len(name), names[at])
    data = path.read_bytes()
    for at, name in enumerate(packed):
        data = data.replace(str(at).encode() * len(name), name)
    path.write_bytes(data)
    held = {member.name: unpacked(path, member) for member in members(path, suffixes())}
    assert held == {name: name.encode() for name in [said, *names]}
