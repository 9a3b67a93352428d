"""Witnesses: the two pairs of files, against an independent diff; richer variants on generated witnesses."""

import difflib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.document import Span
from corpus.folding import letters
from corpus.witnesses import Body, align, are_witnesses, corresponding, variants
from service.collection import Collection

PAIRS = [("un-cd-2019", "hant-glossed-2019"), ("peoples-daily-2025", "xinhua-2025")]


def independent_diff(base: str, witness: str) -> list[tuple[str, str]]:
    """The differing runs of letters, by difflib."""
    a, b = letters(base).text, letters(witness).text
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    return [(a[i1:i2], b[j1:j2]) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal"]


@pytest.mark.parametrize(("base", "witness"), PAIRS)
def test_every_paragraph_of_a_pair_is_aligned_and_differs_just_where_a_diff_says(
    collection: Collection, base: str, witness: str
) -> None:
    bodies = collection.store.body(base), collection.store.body(witness)
    assert align(Body(p.text for p in bodies[0]), Body(p.text for p in bodies[1])) == tuple(
        (i, i) for i in range(len(bodies[0]))
    )
    for one, other in zip(*bodies, strict=True):
        assert collection.store.group(other.id) == [one.id, other.id]
        found = variants(one.text, other.text)
        assert [(letters(v.base.of(one.text)).text, letters(v.text).text) for v in found] == independent_diff(
            one.text, other.text
        )
        assert all(variant.witness.of(other.text) == variant.text for variant in found)


def test_the_variants_that_the_five_files_hold(collection: Collection) -> None:
    found = {
        one.id: [(variant.base.of(one.text), variant.text) for variant in variants(one.text, other.text)]
        for base, witness in PAIRS
        for one, other in zip(collection.store.body(base), collection.store.body(witness), strict=True)
    }
    assert {name: held for name, held in found.items() if held} == {
        "un-cd-2019/1": [("着", "著")],
        "un-cd-2019/12": [("", "第")],
        "un-cd-2019/13": [("着", "著")],
    }


PARAGRAPH = "双方主张，国际社会应在草案基础上谈判缔结具有法律约束力的多边文书，为防止外空军备竞赛提供可靠保障。"


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["替换", "插", ""])), min_size=1, max_size=4))
@settings(deadline=None)
def test_variants_of_a_generated_witness_turn_the_base_into_it(edits: list[tuple[int, str]]) -> None:
    witness = PARAGRAPH
    for at, text in edits:
        witness = witness[:at] + text + witness[at + 1 :]
    base_letters, pieces, at = letters(PARAGRAPH), [], 0
    for variant in variants(PARAGRAPH, witness):
        start = sum(at < variant.base.start for at in base_letters.starts)
        end = sum(at < variant.base.end for at in base_letters.starts)
        pieces.extend([base_letters.text[at:start], letters(variant.text).text])
        at = max(start, end)
    assert "".join([*pieces, base_letters.text[at:]]) == letters(witness).text


def test_script_width_and_punctuation_are_no_variant() -> None:
    assert variants("《中导条约》，2019年", "《中導條約》,２０１９ 年。") == ()


def test_witnesses_are_found_in_noise_and_translations_are_not() -> None:
    random_ = random.Random(7)
    alphabet = "中俄双方强调维护全球战略稳定核武器国家条约裁军外空合作安全发展联合国宪章贸易气候"
    paragraphs = ["".join(random_.choices(alphabet, k=80)) for _ in range(12)]
    noisy = [text[:30] + "误" + text[31:] for text in random_.sample(paragraphs, 8)]
    assert are_witnesses(Body(paragraphs), Body(noisy))
    assert not are_witnesses(Body(paragraphs), Body("".join(random_.choices(alphabet, k=80)) for _ in range(12)))
    assert not are_witnesses(
        Body(paragraphs), Body(["The parties stress the importance of global strategic stability."] * 12)
    )
    assert not are_witnesses(Body(["谢谢大家。"]), Body(["谢谢大家。"]))


def test_like_sentences_about_other_things_do_not_align() -> None:
    first = "双方主张在裁军谈判会议上启动关于防止外空武器化的多边谈判，并尽早缔结文书。"
    second = "双方主张在日内瓦会议上启动关于制止生化恐怖主义的多边谈判，并尽早缔结公约。"
    assert align(Body([first]), Body([second])) == () and align(
        Body([first]), Body([first.replace("尽早", "及早")])
    ) == ((0, 0),)


def test_repeated_paragraphs_align_by_place() -> None:
    assert align(Body(["同样的一段话", "别的内容在这里", "同样的一段话"]), Body(["同样的一段话", "同样的一段话"])) == (
        (0, 0),
        (2, 1),
    )


def test_a_span_is_found_again_in_another_witness() -> None:
    base, witness = "双方强调，安理会2231号决议。其他方均应履行。", "雙方強調,安理會第2231號決議。其他方均應履行。"
    start = base.index("其他")
    assert corresponding(Span(start, len(base)), base, witness).of(witness) == "其他方均應履行。"
    assert corresponding(Span(0, start), base, witness).of(witness) == "雙方強調,安理會第2231號決議。"
