"""Text → files as they are met: pages with menus, PDFs with running heads, Word files with footnotes."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from html import escape

import docx

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MENU = {
    "zh": ("首页", "要闻", "专题", "联系我们"),
    "ru": ("Главная", "Новости", "Контакты"),
    "en": ("Home", "News", "Contact"),
}
_FOOT = {"zh": "版权所有 未经许可不得转载", "ru": "Все права защищены", "en": "All rights reserved"}


def html(paragraphs: Sequence[str], title: str, language: str, date: str, url: str, encoding: str = "utf-8") -> bytes:
    """A page with a menu above, links beside and a notice below."""
    tongue = language.partition("-")[0]
    menu = "".join(f"<li><a href='/{at}'>{item}</a></li>" for at, item in enumerate(_MENU[tongue]))
    body = "".join(f"<p>{escape(text)}</p>\n" for text in paragraphs)
    page = f"""<!doctype html><html lang="{language}"><head><meta charset="{encoding}">
<title>{escape(title)} - Site</title>
<meta property="og:title" content="{escape(title)}"><meta property="article:published_time" content="{date}">
<link rel="canonical" href="{url}"></head><body><nav><ul>{menu}</ul></nav><script>var clicks = 1;</script>
<main><article><h1>{escape(title)}</h1>
{body}</article></main><aside><ul>{menu}</ul></aside><footer><p>{_FOOT[tongue]}</p></footer></body></html>"""
    return page.encode(encoding, "xmlcharrefreplace")


def docx_file(paragraphs: Sequence[str], title: str, notes: Sequence[str] = ()) -> bytes:
    """A heading, the paragraphs, and footnotes to the last of them."""
    document, made = docx.Document(), io.BytesIO()
    document.core_properties.title = title
    document.add_heading(title, 1)
    for text in paragraphs:
        document.add_paragraph(text)
    document.save(made)
    return _with_footnotes(made.getvalue(), notes) if notes else made.getvalue()


def _with_footnotes(data: bytes, notes: Sequence[str]) -> bytes:
    """python-docx can't write them."""
    held = "".join(
        f'<w:footnote w:id="{at}"><w:p><w:r><w:t>{escape(note)}</w:t></w:r></w:p></w:footnote>'
        for at, note in enumerate(notes, 1)
    )
    part = f'<?xml version="1.0" encoding="UTF-8"?><w:footnotes xmlns:w="{_W}">{held}</w:footnotes>'
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    added = {
        "[Content_Types].xml": f'<Override PartName="/word/footnotes.xml" ContentType="{kind}"/></Types>',
        "word/_rels/document.xml.rels": f'<Relationship Id="rNotes" Type="{_OFFICE}/footnotes" Target="footnotes.xml"/>'
        "</Relationships>",
    }
    return repacked(data, {"word/footnotes.xml": part.encode()}, added)


def repacked(data: bytes, parts: Mapping[str, bytes], added: Mapping[str, str] | None = None) -> bytes:
    """A zip with some parts put in the place of others, and some lengthened before their last closing tag."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as after:
        for name in before.namelist():
            held = before.read(name).decode("utf-8", "surrogateescape")
            if added and name in added:
                held = held[: held.rindex("</")] + added[name]
            if name not in parts:
                after.writestr(name, held.encode("utf-8", "surrogateescape"))
        for name, part in parts.items():
            after.writestr(name, part)
    return made.getvalue()


def pdf(pages: Sequence[Sequence[str]], title: str | None = None) -> bytes:
    """The lines of each page, without a font in the file: what they say stands in the map to Unicode alone."""
    characters = {
        char: at for at, char in enumerate(sorted({char for page in pages for line in page for char in line}), 1)
    }
    kids = " ".join(f"{7 + 2 * at} 0 R" for at in range(len(pages)))
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: f"<< /Type /Pages /Count {len(pages)} /Kids [{kids}] >>".encode(),
        3: b"<< /Type /Font /Subtype /Type0 /BaseFont /None /Encoding /Identity-H "
        b"/DescendantFonts [4 0 R] /ToUnicode 5 0 R >>",
        4: b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /None /DW 1000 "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
        5: _stream(_unicode_map(characters)),
        6: f"<< /Title <feff{title.encode('utf-16-be').hex()}> >>".encode() if title else b"<< >>",
    }
    for at, lines in enumerate(pages):
        objects[7 + 2 * at] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {8 + 2 * at} 0 R "
            "/Resources << /Font << /F 3 0 R >> >> >>"
        ).encode()
        shown = (
            f"BT /F 10 Tf 60 {800 - 14 * row} Td <{''.join(f'{characters[char]:04x}' for char in line)}> Tj ET"
            for row, line in enumerate(lines)
        )
        objects[8 + 2 * at] = _stream("\n".join(shown))
    return _assembled(objects)


def _stream(text: str) -> bytes:
    data = text.encode("ascii")
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(data), data)


def _unicode_map(characters: Mapping[str, int]) -> str:
    rows = [f"<{at:04x}> <{char.encode('utf-16-be').hex()}>" for char, at in characters.items()]
    blocks = (rows[at : at + 100] for at in range(0, len(rows), 100))
    held = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return f"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /Made def /CMapType 2 def
1 begincodespacerange <0000> <ffff> endcodespacerange
{held}
endcmap end end"""


def _assembled(objects: Mapping[int, bytes]) -> bytes:
    made, places = bytearray(b"%PDF-1.7\n"), []
    for number in sorted(objects):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, objects[number])
    table = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    made += b"trailer << /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, table)
    return bytes(made)
