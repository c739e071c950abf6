"""What is left out of Rasa's turn changes nothing of what Rasa decides."""

from __future__ import annotations

import json
import random
from itertools import product
from typing import Any

import jsonschema
import pytest

from bot.engine.prepare import prepare

prepare()

from rasa.core.policies.rule_policy import RULES, RulePolicy  # noqa: E402

from bot.engine import thrift  # noqa: E402

LISTENED = {"prev_action": {"action_name": "action_listen"}}
GREETED = {"prev_action": {"action_name": "utter_greet"}}
STARTED: dict[str, Any] = {}


def state(before: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**before, **more}


def wants(intent: str) -> dict[str, Any]:
    return {"user": {"intent": intent}}


#: Every form a rule may have: an intent, what follows it, a slot as condition, a start, no intent at all, a ban, words.
RULES_OF_ALL_FORMS = [
    [state(LISTENED, **wants("greet"))],
    [state(LISTENED, **wants("greet")), state(GREETED, **wants("greet"))],
    [state(LISTENED, **wants("thank"))],
    [state(LISTENED, **wants("greet"), slots={"tier": (1.0,)})],
    [STARTED],
    [STARTED, state(LISTENED, **wants("greet"))],
    [state(LISTENED, slots={"tier": (1.0,)})],
    [state(GREETED)],
    [state(LISTENED, user={"intent": "__should_not_be_set__"})],
    [state({"prev_action": {"action_text": "在的"}})],
    [state(LISTENED, user={"text": "在吗"})],
    [state(LISTENED, **wants("greet"), active_loop={"name": "__should_not_be_set__"})],
]
NEWEST = [
    state(before, **user, **slots)
    for before, user, slots in product(
        (STARTED, LISTENED, GREETED),
        ({}, wants("greet"), wants("thank"), wants("track_order"), {"user": {"text": "在吗"}}),
        ({}, {"slots": {"tier": (1.0,)}}, {"active_loop": {"name": "form"}}),
    )
]


def policy(*rules: list[dict[str, Any]]) -> RulePolicy:
    made = object.__new__(RulePolicy)
    made.lookup = {RULES: {json.dumps(rule, sort_keys=True): f"action_{n}" for n, rule in enumerate(rules)}}
    return made


def test_the_same_rules_fit_as_when_each_is_tried():
    learned, dice = policy(*RULES_OF_ALL_FORMS), random.Random(7)
    talks = [[*dice.choices(NEWEST, k=dice.randrange(4)), newest] for newest in NEWEST for _ in range(20)]
    fits = 0

    for talk in talks:
        expected = thrift._keys_of_rules(learned, learned.lookup[RULES], talk)
        fits += len(expected)
        assert expected == thrift.keys_of_rules(learned, learned.lookup[RULES], talk)

    assert fits > len(talks) / 4


def test_rules_learned_later_are_found_too():
    learned = policy(RULES_OF_ALL_FORMS[0])
    thrift.keys_of_rules(learned, learned.lookup[RULES], [NEWEST[0]])
    learned.lookup = policy(RULES_OF_ALL_FORMS[2]).lookup

    found = thrift.keys_of_rules(learned, learned.lookup[RULES], [state(LISTENED, **wants("thank"))])

    assert len(found) == 1


@pytest.mark.parametrize("rule", RULES_OF_ALL_FORMS, ids=str)
def test_words_are_looked_up_whenever_a_rule_could_fit_words(rule, monkeypatch):
    learned, asked = policy(rule), []
    monkeypatch.setattr(thrift, "_by_rules", lambda *call: asked.append(call) or ("found", "rule", False))
    words = [
        talk
        for talk in NEWEST
        if talk.get("user", {}).get("text") and talk.get("prev_action") == LISTENED["prev_action"]
    ]
    could_fit = any(thrift._keys_of_rules(learned, learned.lookup[RULES], [talk]) for talk in words)

    found = thrift.by_rules(learned, None, None, use_text_for_last_user_input=True)

    assert found[0] == "found" or not could_fit


def test_words_are_not_looked_up_where_every_rule_asks_for_an_intent(monkeypatch):
    monkeypatch.setattr(thrift, "_by_rules", lambda *_: pytest.fail("looked up"))

    found = thrift.by_rules(policy(*RULES_OF_ALL_FORMS[:4]), None, None, use_text_for_last_user_input=True)

    assert (None, None, False) == found


SLOT = {"event": "slot", "timestamp": None, "name": "asked", "value": "product"}


@pytest.mark.parametrize(
    "answer",
    [
        {"events": [SLOT], "responses": [{"response": "utter_fine"}]},
        {"events": [], "responses": []},
        {"events": []},
        {},
        {"events": [SLOT, {"event": "followup", "name": "action_listen"}], "responses": []},
    ],
    ids=str,
)
def test_an_answer_in_rasas_form_is_taken(answer):
    assert thrift.check_answer(None, answer)
    thrift._ANSWER.validate(answer)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [SLOT],
        {"events": {}},
        {"events": [], "responses": ["在的"]},
        {"events": [SLOT, "slot"], "responses": []},
        {"events": [{**SLOT, "event": "no such event"}], "responses": []},
        {"events": [{**SLOT, "name": 7}], "responses": []},
        {"events": [{**SLOT, "timestamp": "now"}], "responses": []},
        {"events": [{"event": "slot", "value": 1}], "responses": []},
    ],
    ids=str,
)
def test_an_answer_in_another_form_is_refused(answer):
    with pytest.raises(jsonschema.ValidationError):
        thrift.check_answer(None, answer)
