"""Every PDF as a screen reader meets it, read back with pypdf: PDF/UA-1 as far as a program can tell.

Of each kind of paper: language and title, headings in order, tables with heads, plots with words, and
nothing drawn that is neither tagged nor marked as an ornament.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from flask import Flask
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    ContentStream,
    DictionaryObject,
    NameObject,
    NumberObject,
)

from tests.whole.test_papers import SUBJECTS
from tracker.papers import binding, pdf
from tracker.papers.kinds import (
    PDF,
    Amount,
    Bar,
    Bars,
    Boxes,
    Document,
    Grid,
    Lines,
    Pairs,
    Title,
    document,
    kinds,
    paper,
)
from tracker.papers.volume import Volume

SHOWS_TEXT = {b"Tj", b"TJ", b"'", b'"'}
DRAWS = SHOWS_TEXT | {b"Do", b"S", b"s", b"f", b"F", b"f*", b"B", b"B*", b"b", b"b*", b"sh"}
EVERY = Document(
    "すべての部品",
    (
        Title("見出し"),
        Lines(["本文"]),
        Pairs([[("項目", "値"), ("項目", Amount(3, "円"))], [("長い項目", "値")]]),
        Grid(("市町村", "額"), [("今別町", Amount(-3))] * 90, (1, 1), ("合計", Amount(-270))),
        Bars("図", [Bar("令和7", Amount(1), Amount(2)), Bar("令和8", None)]),
        Boxes(["課長", "係長"]),
    ),
    left="左",
    right="右",
    mark="案",
)


class Tag(NamedTuple):
    """An element of the structure with its place under others, from the top."""

    kind: str
    above: tuple[str, ...]
    node: Mapping[str, Any]

    @property
    def attributes(self) -> Mapping[str, Any]:
        found = self.node.get("/A", [])
        many = found if isinstance(found, list) else [found]
        return {key: value for one in many for key, value in one.get_object().items()}


def tags(reader: PdfReader) -> list[Tag]:
    """All elements in reading order; each role is one that PDF 1.7 knows, or is mapped to one."""
    catalog: Any = reader.trailer["/Root"]
    if "/StructTreeRoot" not in catalog:
        return []
    root = catalog["/StructTreeRoot"]
    roles = root.get("/RoleMap", {})
    return list(_below(root["/K"], (), roles))


def _below(node: Any, above: tuple[str, ...], roles: Mapping[str, str]) -> Iterator[Tag]:
    node = node.get_object()
    if isinstance(node, ArrayObject):
        for one in node:
            yield from _below(one, above, roles)
    elif isinstance(node, DictionaryObject) and "/S" in node:
        kind = str(roles.get(node["/S"], node["/S"]))
        yield Tag(kind, above, node)
        if "/K" in node:
            yield from _below(node["/K"], (*above, kind), roles)


def loose(page: PageObject, reader: PdfReader) -> list[str]:
    """What is drawn on a page outside of tags and ornaments."""
    found, open_ = [], list[bool]()
    contents = page.get_contents()
    assert contents is not None
    for operands, operator in ContentStream(contents, reader).operations:
        if operator in (b"BDC", b"BMC"):
            marked = operands[1] if len(operands) > 1 else {}
            is_tagged = isinstance(marked, DictionaryObject) and "/MCID" in marked
            open_.append(is_tagged or operands[0] == "/Artifact")
        elif operator == b"EMC":
            open_.pop()
        elif operator in DRAWS and not any(open_):
            found.append(operator.decode())
    assert not open_
    return found


def faults(made: bytes, title: str) -> list[str]:
    """A sentence for each thing that PDF/UA-1 asks for and the file has not."""
    reader = PdfReader(io.BytesIO(made))
    root: Any = reader.trailer["/Root"]
    wrong = []
    metadata = root["/Metadata"].get_object().get_data().decode()
    for is_so, said in (
        (root.get("/MarkInfo", {}).get("/Marked"), "is not tagged"),
        (str(root.get("/Lang", "")).startswith("ja"), "has no language"),
        (root.get("/ViewerPreferences", {}).get("/DisplayDocTitle"), "shows no title"),
        (reader.metadata and reader.metadata.title == title, "has another title"),
        ("<pdfuaid:part>1</pdfuaid:part>" in metadata, "does not say that it is PDF/UA-1"),
    ):
        if not is_so:
            wrong.append(said)
    for number, page in enumerate(reader.pages, 1):
        if page.get("/Tabs") != "/S" or "/StructParents" not in page:
            wrong.append(f"page {number} is not in the structure")
    # To read every stroke takes its time: the first page and the last one have all that there is.
    for page in (reader.pages[0], reader.pages[-1]):
        wrong += [f"draws {one} untagged" for one in loose(page, reader)]
    return [*wrong, *_of_structure(tags(reader))]


def _of_structure(found: list[Tag]) -> Iterator[str]:
    levels = [int(one.kind[2:]) for one in found if one.kind.startswith("/H")]
    if not levels or levels[0] != 1:
        yield "does not begin with a heading of the first level"
    if any(after > before + 1 for before, after in pairwise(levels)):
        yield "leaves a level of headings out"
    for one in found:
        match one.kind:
            case "/Table":
                heads = [
                    tag
                    for tag in _of_structure_in(one, found)
                    if tag.kind == "/TH" and tag.attributes.get("/Scope") == "/Column"
                ]
                if not heads:
                    yield "has a table without heads"
            case "/TD" if not one.attributes.get("/Headers"):
                yield "has a cell without its head"
            case "/TR" if one.above[-1] not in ("/Table", "/THead", "/TBody", "/TFoot"):
                yield "has a row outside of a table"
            case "/TH" | "/TD" if one.above[-1] != "/TR":
                yield "has a cell outside of a row"
            case "/Figure" if not one.node.get("/Alt"):
                yield "has a plot without words"


def _of_structure_in(table: Tag, found: list[Tag]) -> Iterator[Tag]:
    """The elements of one table."""
    inside = (*table.above, table.kind)
    after = found[next(at for at, one in enumerate(found) if one is table) + 1 :]
    for one in after:
        if one.above[: len(inside)] != inside:
            return
        yield one


# The last one of each kind.
@pytest.mark.parametrize(("kind", "subject"), dict(SUBJECTS).items())
def test_every_pdf_can_be_heard(demo_app: Flask, kind: str, subject: str) -> None:
    with demo_app.app_context():
        row = kinds()[kind]
        if PDF in row.formats:
            of = row.find(subject)
            assert faults(paper(kind, of, PDF), document(kind, of).title) == []


def test_every_kind_of_pdf_is_asked(demo_app: Flask) -> None:
    with demo_app.app_context():
        made = {row.kind for row in kinds().values() if PDF in row.formats}
    # The example has no plan to bill by: tests/payments/test_papers.py; of the pack: its parts.
    assert made - {"cost_bill", "meeting_pack"} == {kind for kind, _subject in SUBJECTS} & made


def test_a_volume_of_tagged_papers_can_be_heard(demo_app: Flask) -> None:
    with demo_app.app_context():
        of = kinds()["meeting_pack"].make(kinds()["meeting_pack"].find("1"))
        assert isinstance(of, Volume)
        reader = PdfReader(io.BytesIO(of.as_file(PDF)))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value and root["/Lang"] == "ja"
    found = tags(reader)
    assert list(_of_structure(found)) == []
    parts = [one.node["/T"] for one in found if one.kind == "/Part" and len(one.above) == 1]
    assert parts == ["表紙・目次", *(f"{one.number}　{one.title}" for one in of.parts)]
    # Each cell finds its head among those of its own part, by the tree of ids.
    names = list(root["/StructTreeRoot"]["/IDTree"]["/Names"][::2])
    heads = [str(head) for one in found for head in one.attributes.get("/Headers", ())]
    assert len(set(names)) == len(names) and heads and set(heads) <= set(names)
    # Each piece of each page leads to an element of that page, and nothing is drawn beside.
    tree = root["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    leads = dict(zip(tree[::2], tree[1::2], strict=True))
    for at in (0, len(reader.pages) - 1):
        page = reader.pages[at]
        assert loose(page, reader) == []
        own = leads[page["/StructParents"]].get_object()
        assert own and all(one.get_object()["/S"] for one in own)


def own_paper(**changes: bool) -> bytes:
    import typst

    text = b'#set document(title: "x")\n= a\n#table(columns: 1)[b]'
    made = typst.compile(text, ignore_system_fonts=True, **changes)
    assert isinstance(made, bytes)
    return made


def changed(change: Callable[[Any], None]) -> bytes:
    """A tagged paper with something in its structure that no writer makes."""
    writer, kept = PdfWriter(clone_from=io.BytesIO(own_paper())), io.BytesIO()
    change(writer._root_object["/StructTreeRoot"])
    writer.write(kept)
    return kept.getvalue()


def endless(tree: Any) -> None:
    top = tree["/K"][0].get_object()
    top[NameObject("/K")] = ArrayObject([top.indirect_reference])


def far(tree: Any) -> None:
    heading = tree["/K"][0].get_object()["/K"][0].get_object()
    heading[NameObject("/K")] = ArrayObject([NumberObject(2**31)])


# What is bound beside a tagged paper -> whether the whole says that it is tagged.
@pytest.mark.parametrize(
    ("other", "is_tagged"),
    [
        pytest.param(own_paper, True, marks=pytest.mark.slow, id="tagged"),
        pytest.param(lambda: own_paper(pdf_tags=False), False, id="untagged"),
        pytest.param(lambda: changed(endless), False, id="endless"),
        pytest.param(lambda: changed(far), False, marks=pytest.mark.slow, id="far"),
    ],
)
def test_a_volume_says_that_it_is_tagged_where_all_of_it_is(
    other: Callable[[], bytes], is_tagged: bool
) -> None:
    import typst

    manifest = {"title": "x", "numbers": ["", ""], "front": {"title": "a", "only": []}}
    strips = typst.compile(b"#pagebreak()" * 3, ignore_system_fonts=True, pdf_tags=False)
    parts = [{"title": "a"}, {"title": "b"}]
    made = binding.bind({**manifest, "parts": parts}, [b"", strips, own_paper(), other()])
    reader = PdfReader(io.BytesIO(made))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value is is_tagged
    # What is tagged can be heard all the same.
    assert [one.kind for one in tags(reader)].count("/H1") == 1 + is_tagged


def test_some_pages_of_a_paper_can_be_heard() -> None:
    """差替えページ: the middle of a long table, whose heads stand on a page that is not taken."""
    import typst

    whole, strips = pdf.write(EVERY), typst.compile(b"#pagebreak()", pdf_tags=False)
    manifest = {"title": "x", "numbers": ["2"], "front": {"title": "a", "only": []}}
    made = binding.bind({**manifest, "parts": [{"title": "b", "only": [1]}]}, [b"", strips, whole])
    reader = PdfReader(io.BytesIO(made))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"].value and loose(reader.pages[0], reader) == []
    found, said = tags(reader), reader.pages[0].extract_text()
    kinds_ = [one.kind for one in found]
    rows = said.count("今別町")
    assert 10 < rows < 90 and kinds_.count("/TR") == 1 + rows
    assert kinds_.count("/TH") == 2 and kinds_.count("/TD") == 2 * rows
    assert not {"/H1", "/H2", "/P", "/Figure"} & set(kinds_)
    heads = [one.node.get("/ActualText") for one in found if one.kind == "/TH"]
    assert heads == ["市町村", "額"]
    names = list(root["/StructTreeRoot"]["/IDTree"]["/Names"][::2])
    assert {str(head) for one in found for head in one.attributes.get("/Headers", ())} == set(names)
    [_page, own] = root["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    pieces = [one for one in own.get_object() if "/S" in one.get_object()]
    assert len(pieces) >= 2 * rows


def test_a_sign_that_no_font_has_keeps_nobody_from_the_paper() -> None:
    made = pdf.write(Document("題名✅", (Lines(["負担🙂の한と𠮷と👨\u200d👩"]),)))
    said = "".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages)
    assert "負担□の□と𠮷と□□" in said and "題名□" in said and pdf.NOTE in said.replace("\n", "")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        pytest.param({"is_wide": True}, marks=pytest.mark.slow),
        pytest.param({"is_letter": True}, marks=pytest.mark.slow),
    ],
)
def test_every_block_can_be_heard(changes: Mapping[str, bool]) -> None:
    of = Document(**{**vars(EVERY), **changes})
    made = pdf.write(of)
    assert faults(made, of.title) == []
    reader = PdfReader(io.BytesIO(made))
    found = [one.kind for one in tags(reader)]
    # Both tables, the head of the long one once for all its pages, and the plot.
    assert found.count("/Table") == 2 and found.count("/TH") == 4
    assert found.count("/TR") == 1 + 90 + 1 + 2
    [figure] = [one for one in tags(reader) if one.kind == "/Figure"]
    assert figure.node["/Alt"] == "図。令和7 1（目標 2）、令和8 —"
    assert len(reader.pages) > 1


def test_what_is_not_tagged_is_found() -> None:
    """The control: a file of the same setter without its tags."""
    import typst

    made = typst.compile(b'#set document(title: "x")\n= a\n#table(columns: 1)[b]', pdf_tags=False)
    said = faults(made, "x")
    assert "is not tagged" in said and "has no language" in said
    assert any("untagged" in one for one in said)
