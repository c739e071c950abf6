"""What the shop knows: staff change it while shoppers ask, and what it does not know it does not answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, func, select

from bench.knowledge import FOLDER, Encoder, Score, cost_ms, demo_knowledge, demo_scopes, score, twins
from bot.errors import BadEntry, EntryNotFound
from bot.insight.unanswered import drafts
from bot.knowledge.editing import Scopes, bare, roll_back, save, set_state
from bot.knowledge.retrieval import Knowledge
from bot.knowledge.seeding import contents, seed
from bot.store import knowledge
from bot.store.database import begin, reading
from bot.store.knowledge import APPROVED, DRAFT, REFUSED, RETIRED, Content, Question
from bot.store.models import KnowledgeEntry, KnowledgeVersion
from bot.talk.opening import open_for_anyone

KNOWN = Scopes(frozenset({"鞋靴", "食品"}), frozenset({"61020024"}))
POSTAGE = Content("postage", "运费怎么算", ("邮费多少", "要付运费吗"), "满99元包邮，不满收8元。")
RETURNS = Content("returns", "怎么退货", ("我想退掉", "不喜欢能退吗"), "在订单里点申请售后。")
LATER = timedelta(seconds=2)  # how often a reader looks


def toy(text: str) -> np.ndarray:
    """An encoder of five lines: texts that share characters lie close together."""
    vector = np.full(384, 1e-6, np.float32)
    for letter in text:
        vector[ord(letter) % 384] += 1
    return vector / np.linalg.norm(vector)


@pytest.fixture
def filled(store: Engine, now: datetime) -> Engine:
    """A store with two entries."""
    for content in (POSTAGE, RETURNS):
        kept(store, content, now)
    return store


def kept(store: Engine, content: Content, now: datetime, author: str = "agent:李") -> int:
    with begin(store) as session:
        return save(session, content, author, known=KNOWN, now=now).version


def reader(store: Engine, now: datetime, vector: Callable[[str], np.ndarray] = toy) -> Knowledge:
    """A brain's view of the store, all vectors made."""
    found = Knowledge(store, vector)
    found.refresh(now, budget_s=60)
    return found


def answer_to(found: Knowledge, question: str, now: datetime, **meant: str) -> str | None:
    hit = found.find(question, now=now, **meant)
    return hit and hit.answer


def test_a_question_as_staff_wrote_it_is_answered_and_says_from_where(filled: Engine, now: datetime) -> None:
    hit = reader(filled, now).find("邮费多少", now=now)

    assert hit is not None
    assert ("postage", "满99元包邮，不满收8元。", 1) == (hit.entry_id, hit.answer, hit.version)
    assert ("常见问题《运费怎么算》，更新于2026-03-04", "邮费多少") == (hit.source, hit.because)


def test_a_question_about_something_else_is_not_answered(filled: Engine, now: datetime) -> None:
    assert reader(filled, now).find("今天天气好热", now=now) is None


@pytest.mark.parametrize("nothing", ["", "  ", "？？？", "\u200b", "😀"])
def test_what_has_no_words_is_not_answered(filled: Engine, now: datetime, nothing: str) -> None:
    assert reader(filled, now).find(nothing, now=now) is None


def test_an_empty_store_answers_nothing(store: Engine, now: datetime) -> None:
    assert reader(store, now).find("运费多少", now=now) is None


def test_an_edit_is_live_for_every_other_reader_when_it_looks_next(filled: Engine, now: datetime) -> None:
    one, other = reader(filled, now), reader(filled, now)

    kept(filled, replace(POSTAGE, answer="全场包邮。"), now)
    before = answer_to(other, "邮费多少", now)
    for found in (one, other):
        found.refresh(now + LATER)

    assert "满99元包邮，不满收8元。" == before
    assert ["全场包邮。"] * 2 == [answer_to(found, "邮费多少", now) for found in (one, other)]


def test_a_reader_asks_the_store_no_more_often_than_it_must(filled: Engine, now: datetime) -> None:
    found = reader(filled, now)

    kept(filled, replace(POSTAGE, answer="全场包邮。"), now)
    found.refresh(now + LATER / 2)

    assert "满99元包邮，不满收8元。" == answer_to(found, "邮费多少", now)


def test_a_new_entry_is_found_by_its_words_before_its_vectors_are_made(filled: Engine, now: datetime) -> None:
    found = reader(filled, now)

    kept(filled, Content("wrap", "有礼品包装吗", ("能包成礼物吗", "有没有贺卡"), "每件6元。"), now)
    behind = found.refresh(now + LATER, budget_s=0)

    assert behind
    assert "每件6元。" == answer_to(found, "有礼品包装吗", now)


def test_a_refresh_keeps_to_its_time_however_much_is_new(store: Engine, now: datetime) -> None:
    encoded = []
    with begin(store) as session:
        for number in range(50):
            content = replace(POSTAGE, id=f"e{number}", title=f"第{number}问", questions=(f"问法{number}",))
            save(session, content, "seed", known=KNOWN, now=now)
    found = Knowledge(store, lambda text: encoded.append(text) or toy(text))
    found.refresh(now, budget_s=0)
    at_start = len(encoded)

    found.refresh(now + LATER, budget_s=0)

    assert at_start + 1 == len(encoded)


def test_a_text_is_encoded_once_for_all_brains(filled: Engine, now: datetime) -> None:
    reader(filled, now)

    def never(text: str) -> np.ndarray:
        raise AssertionError(f"encoded again: {text}")

    second = Knowledge(filled, never)

    assert not second.refresh(now)


def test_a_look_that_fails_half_way_loses_no_change(filled: Engine, now: datetime) -> None:
    found = reader(filled, now)
    kept(filled, replace(POSTAGE, answer="全场包邮。", questions=("邮资几何",)), now)

    def fails(texts: object) -> dict[str, np.ndarray]:
        raise OSError("the disk is away")

    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(found, "_kept", fails)
        with pytest.raises(OSError, match="away"):
            found.refresh(now + LATER)
    before = answer_to(found, "邮费多少", now)
    found.refresh(now + 2 * LATER)

    assert POSTAGE.answer == before
    assert "全场包邮。" == answer_to(found, "邮资几何", now)


def test_an_entry_is_served_within_its_days_only(store: Engine, now: datetime) -> None:
    kept(store, replace(POSTAGE, valid_from=now, valid_until=now + timedelta(days=7)), now)
    found = reader(store, now)

    served = [
        answer_to(found, "邮费多少", now + timedelta(days=days, seconds=seconds)) is not None
        for days, seconds in ((0, -1), (0, 0), (7, -1), (7, 0))
    ]

    assert [False, True, True, False] == served


@pytest.mark.parametrize("state", [DRAFT, RETIRED, REFUSED])
def test_only_what_was_approved_is_served(filled: Engine, now: datetime, state: str) -> None:
    found = reader(filled, now)

    with begin(filled) as session:
        set_state(session, "postage", state, "agent:李", known=KNOWN, now=now)
    found.refresh(now + LATER)

    assert answer_to(found, "邮费多少", now) is None
    assert answer_to(found, "怎么退货", now) == RETURNS.answer


def test_what_staff_refused_is_not_answered_by_the_entry_beside_it(filled: Engine, now: datetime) -> None:
    found = reader(filled, now)
    before = answer_to(found, "邮费多少钱", now)

    kept(filled, Content("no", "邮费多少钱", ("邮费几块钱",), "", state=REFUSED), now)
    found.refresh(now + LATER, budget_s=60)

    assert POSTAGE.answer == before
    assert [] == found.likely("邮费多少钱？", now=now)


def test_a_question_that_staff_added_is_answered_by_its_entry_from_then_on(filled: Engine, now: datetime) -> None:
    found = reader(filled, now)
    before = answer_to(found, "寄到我家要掏几个子儿", now)

    kept(filled, replace(POSTAGE, questions=(*POSTAGE.questions, "寄到我家要掏几个子儿")), now)
    found.refresh(now + LATER)

    assert before is None
    assert POSTAGE.answer == answer_to(found, "寄到我家，要掏几个子儿？", now)


def test_of_two_entries_that_fit_the_one_for_the_product_answers(filled: Engine, now: datetime) -> None:
    kept(filled, replace(POSTAGE, id="for-shoe", product_id="61020024", answer="这款包邮。"), now)

    found = reader(filled, now)

    assert "这款包邮。" == answer_to(found, "邮费多少", now, product="61020024")
    assert POSTAGE.answer == answer_to(found, "邮费多少", now)


def test_an_entry_for_one_product_is_served_for_that_product_only(store: Engine, now: datetime) -> None:
    kept(store, replace(POSTAGE, product_id="61020024"), now)
    found = reader(store, now)

    assert answer_to(found, "邮费多少", now) is None
    assert answer_to(found, "邮费多少", now, product="61020017") is None
    assert answer_to(found, "邮费多少", now, product="61020024") == POSTAGE.answer


def test_an_entry_for_a_category_is_held_back_where_another_is_meant(store: Engine, now: datetime) -> None:
    kept(store, replace(POSTAGE, category="鞋靴"), now)
    found = reader(store, now)

    assert answer_to(found, "邮费多少", now) == POSTAGE.answer
    assert answer_to(found, "邮费多少", now, category="鞋靴") == POSTAGE.answer
    assert answer_to(found, "邮费多少", now, category="食品") is None


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"answer": "  "}, "没有答案"),
        ({"title": "？"}, "没有标题问题"),
        ({"questions": ()}, "没有顾客的问法"),
        ({"questions": (" ", "")}, "没有顾客的问法"),
        ({"questions": ("。。",)}, "只有标点"),
        ({"questions": ("长" * 201,)}, "超过200个字"),
        ({"answer": "长" * 1001}, "答案超过1000个字"),
        ({"category": "家具"}, "没有“家具”这个品类"),
        ({"product_id": "999"}, "没有编号为999的商品"),
        ({"state": "live"}, "没有“live”这种状态"),
        ({"id": "a b"}, "编号只能用"),
        ({"id": ""}, "编号只能用"),
        ({"questions": ("我 想 退 掉！",)}, "《怎么退货》重复"),
        ({"title": "怎么退货？"}, "《怎么退货》重复"),
    ],
)
def test_a_bad_entry_is_refused_with_the_reason_and_nothing_is_saved(
    filled: Engine, now: datetime, wrong: dict[str, object], reason: str
) -> None:
    bad = replace(POSTAGE, **{"id": "other", "title": "别的问题", "questions": ("别的问法",), **wrong})  # type: ignore[arg-type]

    with pytest.raises(BadEntry, match=reason):
        kept(filled, bad, now)

    with reading(filled) as session:
        assert 2 == session.scalar(select(func.count()).select_from(KnowledgeEntry))
        assert 2 == session.scalar(select(func.count()).select_from(KnowledgeVersion))


@pytest.mark.parametrize("days", [0, -1])
def test_a_window_that_ends_before_it_begins_is_refused(store: Engine, now: datetime, days: int) -> None:
    with pytest.raises(BadEntry, match="有效期的结束不晚于开始"):
        kept(store, replace(POSTAGE, valid_from=now, valid_until=now + timedelta(days=days)), now)


def test_every_fault_is_named_at_once(store: Engine, now: datetime) -> None:
    with pytest.raises(BadEntry) as refusal:
        kept(store, replace(POSTAGE, answer="", questions=(), category="家具"), now)

    assert ["没有顾客的问法", "没有答案", "没有“家具”这个品类"] == refusal.value.reasons


def test_the_same_question_may_stand_in_another_scope_and_in_a_draft(filled: Engine, now: datetime) -> None:
    assert 1 == kept(filled, replace(POSTAGE, id="shoes", category="鞋靴"), now)
    assert 1 == kept(filled, replace(POSTAGE, id="draft", state=DRAFT), now)


def test_an_entry_is_brought_back_as_it_was(filled: Engine, now: datetime) -> None:
    found = reader(filled, now)
    window = replace(POSTAGE, answer="全场包邮。", questions=("包邮不",), valid_until=now + timedelta(days=9))
    kept(filled, window, now)
    kept(filled, POSTAGE, now)

    with begin(filled) as session:
        back = roll_back(session, "postage", 2, "agent:王", known=KNOWN, now=now)
    found.refresh(now + LATER)

    assert (window, 4) == (back.content, back.version)
    assert "全场包邮。" == answer_to(found, "包邮不", now)
    with reading(filled) as session:
        assert ["agent:王", "agent:李", "agent:李", "agent:李"] == [
            entry.author for entry in knowledge.versions(session, "postage")
        ]


def test_only_versions_that_were_can_be_brought_back(filled: Engine, now: datetime) -> None:
    with pytest.raises(EntryNotFound, match="第 9 版"), begin(filled) as session:
        roll_back(session, "postage", 9, "agent:王", known=KNOWN, now=now)


def test_what_is_brought_back_must_still_be_the_only_one_to_answer(filled: Engine, now: datetime) -> None:
    kept(filled, replace(POSTAGE, questions=("包邮不",)), now)
    kept(filled, Content("cheap", "便宜的邮寄", ("邮费多少",), "平邮。"), now)

    with pytest.raises(BadEntry, match="《便宜的邮寄》重复"), begin(filled) as session:
        roll_back(session, "postage", 1, "agent:王", known=KNOWN, now=now)


FILE = """
- {id: hours, title: 几点上班, ask: [几点开始, 营业时间], answer: 九点。}
- {id: sale, title: 有活动吗, ask: [打折不], answer: 有。, valid: [2026-03-01, 2026-03-04]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.yml").write_text(FILE, encoding="utf-8")
    return tmp_path


def test_seeding_twice_writes_once(store: Engine, now: datetime, folder: Path) -> None:
    assert [2, 0] == [seed(store, folder, now, known=KNOWN) for _ in range(2)]


def test_seeding_keeps_what_staff_have_edited_and_renews_the_rest(store: Engine, now: datetime, folder: Path) -> None:
    seed(store, folder, now, known=KNOWN)
    kept(store, Content("hours", "几点上班", ("几点开始",), "十点。"), now)
    (folder / "shop.yml").write_text(FILE.replace("九点", "八点").replace("有。", "有的。"), encoding="utf-8")

    written = seed(store, folder, now, known=KNOWN)

    found = reader(store, now)
    assert 1 == written
    assert ["十点。", "有的。"] == [answer_to(found, question, now) for question in ("几点上班", "有活动吗")]


def test_the_last_day_of_a_seeded_window_is_a_whole_day_of_the_shop(store: Engine, now: datetime, folder: Path) -> None:
    seed(store, folder, now, known=KNOWN)
    found = reader(store, now)
    last_moment = datetime.fromisoformat("2026-03-04T23:59:59+08:00")

    assert "有。" == answer_to(found, "有活动吗", last_moment)
    assert answer_to(found, "有活动吗", last_moment + timedelta(seconds=1)) is None


def test_a_bad_file_seeds_nothing(store: Engine, now: datetime, folder: Path) -> None:
    (folder / "zzz.yml").write_text("- {id: x, title: 问, ask: [几点上班], answer: 好。}", encoding="utf-8")

    with pytest.raises(BadEntry, match="《几点上班》重复"):
        seed(store, folder, now, known=KNOWN)

    with reading(store) as session:
        assert 0 == knowledge.newest_change(session)


def test_the_demo_shop_is_well_supplied() -> None:
    rows = list(contents(FOLDER))

    served = [row for row in rows if row.state == APPROVED]
    assert len(served) >= 160
    assert [row.id for row in served if len(row.questions) < 3] == []


def thread(store: Engine, now: datetime) -> str:
    return open_for_anyone(store, "web", earlier=None, now=now).conversation_id


def test_a_question_without_an_answer_is_kept_once_and_shows_no_phone(store: Engine, now: datetime) -> None:
    conversation = thread(store, now)

    for _ in range(2):
        with begin(store) as session:
            knowledge.record_unanswered(session, (conversation, 3), " 我13900001234的号能自提不 ", now)

    with reading(store) as session:
        assert ["我***的号能自提不"] == [question.text for question in knowledge.open_questions(session)]


def test_questions_are_settled_by_the_entry_that_answers_them(filled: Engine, now: datetime) -> None:
    conversation = thread(filled, now)
    with begin(filled) as session:
        for seq in (1, 2, 3):
            knowledge.record_unanswered(session, (conversation, seq), f"问题{seq}", now)
        ids = [question.id for question in knowledge.open_questions(session)]

        settled = [knowledge.settle(session, ids[:2], "postage", now=now) for _ in range(2)]

        assert [2, 0] == settled
        assert ["问题1"] == [question.text for question in knowledge.open_questions(session)]


def asked(*texts: str, now: datetime) -> list[Question]:
    return [Question(number, text, now + timedelta(minutes=number)) for number, text in enumerate(texts)]


def ways_of(questions: list[Question]) -> np.ndarray:
    return np.array([toy(question.text) for question in questions])


def test_questions_about_one_thing_become_one_draft(now: datetime) -> None:
    questions = asked("支持国补吗", "国补支持吗", "国补支持不", "能绣名字吗", "可以绣名字吗", "几点日落", now=now)

    found = drafts(questions, ways_of(questions))

    assert [{0, 1, 2}, {3, 4}, {5}] == [set(draft.question_ids) for draft in found]
    assert [3, 2, 1] == [draft.count for draft in found]
    assert (now, now + timedelta(minutes=2)) == (found[0].first_at, found[0].last_at)
    assert found[0].title in found[0].questions


def test_a_draft_needs_as_many_questions_as_are_wanted(now: datetime) -> None:
    questions = asked("支持国补吗", "支持国补吗", "能绣名字吗", now=now)

    found = drafts(questions, ways_of(questions), at_least=2)

    assert [("支持国补吗", ("支持国补吗",), 2)] == [(draft.title, draft.questions, draft.count) for draft in found]


@pytest.mark.parametrize("texts", [(), ("一个问题",), ("？", "😀")])
def test_few_or_wordless_questions_make_no_trouble(now: datetime, texts: tuple[str, ...]) -> None:
    questions = asked(*texts, now=now)

    assert len(texts) == sum(draft.count for draft in drafts(questions, np.ones((len(texts), 384))))


def test_drafts_can_be_made_with_what_a_brain_has(filled: Engine, now: datetime) -> None:
    questions = asked("支持国补吗", "国补支持不", "几点日落", now=now)

    found = drafts(questions, Knowledge(filled, toy).ways([question.text for question in questions]))

    assert [2, 1] == [draft.count for draft in found]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """The demo shop's entries with the real encoder."""
    return demo_knowledge(tmp_path_factory.mktemp("knowledge"), Encoder())


def test_twins_are_no_questions_of_the_shop() -> None:
    taught = {bare(text) for row in contents(FOLDER) for text in (row.title, *row.questions)}
    told = [twin for twin in twins() if bare(twin.text) in taught]

    assert told == []
    assert sum(twin.entry is not None for twin in twins()) >= 320
    assert sum(twin.entry is None for twin in twins()) >= 150


def test_every_twin_names_an_entry_that_is_there() -> None:
    assert set() == {twin.entry for twin in twins()} - {None} - {row.id for row in contents(FOLDER)}


def held_out(demo: Knowledge) -> Score:
    return score(demo, [twin for twin in twins() if not twin.tuned])


def test_questions_nobody_tuned_on_find_their_entry_and_strangers_find_none(demo: Knowledge) -> None:
    figures = held_out(demo)

    assert figures.first >= 0.70
    assert figures.among_three >= 0.86
    assert figures.refused >= 0.86
    assert figures.served_wrong <= 0.06


def test_five_thousand_entries_are_searched_in_fifteen_ms() -> None:
    assert cost_ms(5000, lambda text: toy(text), questions=30)[0] <= 15


def test_the_demo_scopes_are_the_demo_shops() -> None:
    assert "大家电" in demo_scopes().categories
