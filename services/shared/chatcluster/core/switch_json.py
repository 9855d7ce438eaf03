"""The state of a change, orders and reports as JSON values.

target  {"mode": "adapter", "options": {"adapter_protocol": "sharded"}}
switch  {"epoch": 3, "target": …, "next": {"epoch": 4, "target": …, "ready": false,
         "error": "", "forward": false, "finish": false} | null,
         "previous": {"epoch": 2, "target": …} | null, "called_off": 0}
order   {"step": "prepare", "epoch": 4, "target": …}
report  {"origin": "gateway-1.k3x9", "switch": …, "markers": ["gateway-2.8fq1"],
         "waits": true, "since": 0.3}
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from chatcluster.core.errors import MalformedError
from chatcluster.core.switch import Order, Switch
from chatcluster.core.switch_plan import Report

T = TypeVar("T")
_SWITCH, _ORDER, _REPORT = TypeAdapter(Switch), TypeAdapter(Order), TypeAdapter(Report)


def switch_as_json(switch: Switch) -> dict[str, Any]:
    return _as_json(_SWITCH, switch)


def order_as_json(order: Order) -> dict[str, Any]:
    return _as_json(_ORDER, order)


def report_as_json(report: Report) -> dict[str, Any]:
    return _as_json(_REPORT, report)


def read_switch(text: bytes | str) -> Switch:
    """Raises MalformedError."""
    return _read(_SWITCH, text)


def read_order(text: bytes | str) -> Order:
    """Raises MalformedError."""
    return _read(_ORDER, text)


def read_report(text: bytes | str) -> Report:
    """Raises MalformedError."""
    return _read(_REPORT, text)


def _as_json(adapter: TypeAdapter[T], value: T) -> dict[str, Any]:
    written: dict[str, Any] = adapter.dump_python(value, mode="json")
    return written


def _read(adapter: TypeAdapter[T], text: bytes | str) -> T:
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        problems = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise MalformedError("; ".join(problems)) from error
