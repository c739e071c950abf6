"""Rasa's graph run as a plain loop: same nodes, same results, without dask's per-turn planning."""

from __future__ import annotations

import graphlib
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphNodeHook, GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.storage import ModelStorage

Plan = list[tuple[str, tuple[str, ...]]]


class PlainRunner(GraphRunner):
    """Runs a graph's nodes in order of their needs; the order for each set of targets is worked out once."""

    def __init__(
        self, schema: GraphSchema, storage: ModelStorage, context: ExecutionContext, hooks: list[GraphNodeHook] | None
    ) -> None:
        self.schema = schema
        self.nodes = DaskGraphRunner._instantiate_nodes(schema, storage, context, hooks)
        self.plans: dict[tuple[str, ...], Plan] = {}

    @classmethod
    def create(
        cls,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: list[GraphNodeHook] | None = None,
    ) -> PlainRunner:
        return cls(graph_schema, model_storage, execution_context, hooks)

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        wanted = tuple(targets or self.schema.target_names)
        done: dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}
        for name, needs in self._plan(wanted):
            if name not in done:
                done[name] = self.nodes[name](*[done.get(need, need) for need in needs])
        return dict(done[name] for name in wanted)

    def _plan(self, targets: tuple[str, ...]) -> Plan:
        if targets not in self.plans:
            nodes = self.schema.minimal_graph_schema(list(targets)).nodes
            needs = {name: tuple(node.needs.values()) for name, node in nodes.items()}
            order = graphlib.TopologicalSorter(needs).static_order()
            self.plans[targets] = [(name, needs[name]) for name in order if name in nodes]
        return self.plans[targets]
