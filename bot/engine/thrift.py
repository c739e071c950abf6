"""Work that Rasa does in every turn for nothing, left out. What Rasa decides stays the same, to the letter."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import jsonschema
from rasa.core.actions.action import RemoteAction
from rasa.core.policies.memoization import MemoizationPolicy
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.policies.rule_policy import RULES, RulePolicy
from rasa.shared.core.constants import ACTION_LISTEN_NAME, PREVIOUS_ACTION, SHOULD_NOT_BE_SET, USER
from rasa.shared.core.domain import Domain, State
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker

#: The last action and the intent that the newest state of a rule asks for; None: any.
Asked = tuple[str | None, str | None]
Found = tuple[str | None, str | None, bool]

_ANSWER = jsonschema.Draft7Validator(RemoteAction.action_response_format_spec())
_SLOT = frozenset({"event", "timestamp", "name", "value"})

_type_of_event = Event.resolve_by_type
_keys_of_rules = RulePolicy._get_possible_keys
_by_rules = RulePolicy._find_action_from_rules
_by_stories = MemoizationPolicy.predict_action_probabilities


@lru_cache(maxsize=1)
def spare() -> None:
    """Put the cheaper ways in place, once in a process that answers. Training keeps Rasa's own."""
    RemoteAction._validate_action_result = check_answer
    Event.resolve_by_type = staticmethod(lru_cache(maxsize=None)(_type_of_event))
    RulePolicy._get_possible_keys = keys_of_rules
    RulePolicy._find_action_from_rules = by_rules
    MemoizationPolicy.predict_action_probabilities = by_stories


def check_answer(_action: RemoteAction, answer: Any) -> bool:
    """Whether an action's answer has Rasa's form. Slots and replies, which is all most say, are seen at a glance;
    the schema, made once and not at every call, judges the rest.

    Raises
    ------
    jsonschema.ValidationError
        It has not.
    """
    if not _plainly_good(answer):
        _ANSWER.validate(answer)
    return True


def _plainly_good(answer: Any) -> bool:
    if not isinstance(answer, dict):
        return False
    events, responses = answer.get("events"), answer.get("responses")
    if not isinstance(events, list) or not isinstance(responses, list):
        return False
    return all(_is_slot(event) for event in events) and all(isinstance(response, dict) for response in responses)


def _is_slot(event: Any) -> bool:
    return (
        isinstance(event, dict)
        and event.keys() == _SLOT
        and event["event"] == "slot"
        and event["timestamp"] is None
        and isinstance(event["name"], str)
    )


def keys_of_rules(policy: RulePolicy, lookup: dict[str, str], states: list[State]) -> set[str]:
    """The rules that fit *states*. Rasa tries each; those that ask for another last action or intent need no trying."""
    fitting: set[str] = set()
    for asked in _answered_by(states[-1]):
        fitting.update(_index(policy, lookup).get(asked, ()))
    found: set[str] = _keys_of_rules(policy, {key: lookup[key] for key in fitting}, states)
    return found


def by_rules(
    policy: RulePolicy, tracker: DialogueStateTracker, domain: Domain, use_text_for_last_user_input: bool
) -> Found:
    """What the rules say, of the line's words or of its intent. Of words there is nothing to look for without a rule
    that can do without an intent."""
    index = _index(policy, policy.lookup[RULES])
    if use_text_for_last_user_input and (ACTION_LISTEN_NAME, None) not in index and (None, None) not in index:
        return None, None, False
    found: Found = _by_rules(policy, tracker, domain, use_text_for_last_user_input)
    return found


def by_stories(
    policy: MemoizationPolicy, tracker: DialogueStateTracker, domain: Domain, *args: Any, **more: Any
) -> PolicyPrediction:
    """What the stories say; nothing, at once, if none was learned."""
    if not policy.lookup:
        return policy._prediction(policy._default_predictions(domain))
    return _by_stories(policy, tracker, domain, *args, **more)


def _index(policy: RulePolicy, lookup: dict[str, str]) -> Mapping[Asked, list[str]]:
    """The rules of *lookup* by what they ask for; a loaded policy keeps its lookups as they are, so each is read once."""
    kept: dict[int, tuple[dict[str, str], dict[Asked, list[str]]]] = vars(policy).setdefault("rules_by_asked", {})
    if id(lookup) not in kept or kept[id(lookup)][0] is not lookup:
        index: dict[Asked, list[str]] = defaultdict(list)
        for key in lookup:
            index[_asked_of(key)].append(key)
        kept[id(lookup)] = lookup, dict(index)
    return kept[id(lookup)][1]


def _asked_of(rule_key: str) -> Asked:
    newest: State = json.loads(rule_key)[-1]
    action = _named(newest, PREVIOUS_ACTION, "action_name")
    return action, action and _named(newest, USER, "intent")


def _answered_by(newest: State) -> tuple[Asked, ...]:
    action = _named(newest, PREVIOUS_ACTION, "action_name")
    intent = _named(newest, USER, "intent")
    return tuple(dict.fromkeys(((action, intent), (action, None), (None, None))))


def _named(state: State, part: str, name: str) -> str | None:
    value: Any = state.get(part, {}).get(name)
    return value if isinstance(value, str) and value and value != SHOULD_NOT_BE_SET else None
