"""Records as events of the Open Cybersecurity Schema Framework, for the systems that security teams collect in.

The version is pinned: each event names it, and the tests hold every kind of record against its schema. OCSF knows
agents and models, but no MCP server; what has no field of its own stands whole under `unmapped`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

VERSION = "1.8.0"

Json = dict[str, Any]
Fields = Mapping[str, Any]
"""A record, or the record of a journal entry, as its JSON says it."""

_SEVERITY = {"info": (1, "Informational"), "low": (2, "Low"), "medium": (3, "Medium"), "high": (4, "High"),
             "critical": (5, "Critical")}  # fmt: skip
_STATUS = {"open": (1, "New"), "reopened": (1, "New"), "acknowledged": (3, "Suppressed"), "resolved": (4, "Resolved")}
_OS = {"linux": 200, "macos": 300, "windows": 100}
_ACCOUNT = {"human": 1, "root": 2, "service": 4}
_CREATE, _UPDATE, _CLOSE = 1, 2, 3
_LOG, _COLLECT = 1, 2


class Teller(NamedTuple):
    """The machine that an event is from, and the Rollcall that tells it."""

    endpoint_id: str
    rollcall_version: str
    hostname: str | None = None
    os: str | None = None
    os_version: str | None = None


class _Shape(NamedTuple):
    """What an event of one kind of record is: its class and category, what is done, and its own fields."""

    class_uid: int
    activity: int
    own: Json
    severity: str = "info"


def event(record: Fields, by: Teller, op: str | None = None, at: str | None = None) -> Json:
    """One event; `op` and `at` are those of its journal entry, and without them it is what a look found."""
    shape = _SHAPES.get(record["kind"], _other)(record, op)
    severity_id, severity = _SEVERITY[shape.severity]
    return {
        "metadata": {
            "version": VERSION,
            "profiles": ["host"],
            "product": {"name": "Rollcall", "vendor_name": "Rollcall", "version": by.rollcall_version},
            "uid": record["id"],
            "event_code": f"{record['kind']}.{op or 'found'}",
            "original_time": at or record["observed_at"],
        },
        "category_uid": shape.class_uid // 1000,
        "class_uid": shape.class_uid,
        "activity_id": shape.activity,
        "type_uid": shape.class_uid * 100 + shape.activity,
        "severity_id": severity_id,
        "severity": severity,
        "time": _milliseconds(at or record["observed_at"]),
        "device": _device(by),
        **shape.own,
        "unmapped": {"rollcall": dict(record)},
    }


def _finding(record: Fields, op: str | None) -> _Shape:
    status_id, status = _STATUS[record["state"]]
    closed = record["state"] == "resolved" or op == "removed"
    seen = {"first_seen_time": _milliseconds(record["opened_at"]), "created_time": _milliseconds(record["opened_at"])}
    info = {
        "uid": record["id"],
        "title": record["title"],
        "desc": f"{record['title']}: {record['subject']}",
        "types": [record["rule"]],
        "analytic": {"type_id": 1, "type": "Rule", "uid": record["rule"], "name": record["title"]},
        **seen,
    }
    resource = {"uid": record["subject_id"], "name": record["subject"], **_owned(record)}
    own: Json = {
        "finding_info": info,
        "status_id": status_id,
        "status": status,
        "compliance": {
            "standards": ["ISO/IEC 42001:2023"],
            "requirements": list(record["controls"]),
            "control": record["rule"],
            "status_id": 1 if closed else 3,
            "status": "Pass" if closed else "Fail",
        },
        "remediation": {"desc": record["remediation"]},
        "resources": [resource],
        "message": f"{record['title']}: {record['subject']}",
    }
    activity = _CLOSE if closed else _CREATE if op in (None, "discovered") else _UPDATE
    return _Shape(2003, activity, own, record["severity"])


def _agent(record: Fields, op: str | None) -> _Shape:
    product = {"uid": record["agent"], "name": record["name"], "vendor_name": record["vendor"]}
    if record.get("version"):
        product["version"] = record["version"]
    return _Shape(5020, _seen(op), {"product": product, "message": _message(record, op)})


def _server(record: Fields, op: str | None) -> _Shape:
    own: Json = {"product": {"uid": record["id"], "name": record["name"] or record["agent"]}}
    purl = record.get("package")
    name, _, version = (purl or "").partition("?")[0].rpartition("@")
    if purl and name and "/" in name:
        own["package"] = {"name": name.rpartition("/")[2], "version": version, "purl": purl}
    return _Shape(5020, _seen(op), {**own, "message": _message(record, op)})


def _endpoint(record: Fields, op: str | None) -> _Shape:
    return _Shape(5001, _seen(op), {"message": _message(record, op)})


def _owner(record: Fields, op: str | None) -> _Shape:
    user: Json = {"name": record["owner"] or "(machine)", "type_id": _ACCOUNT.get(record["account"], 0)}
    if record.get("uid") is not None:
        user["uid"] = str(record["uid"])
    if record.get("full_name"):
        user["full_name"] = record["full_name"]
    return _Shape(5003, _seen(op), {"user": user, "message": _message(record, op)})


def _posture(record: Fields, op: str | None) -> _Shape:
    return _Shape(5002, _seen(op), {"message": _message(record, op)})


def _action(record: Fields, op: str | None) -> _Shape:
    operation = record.get("mcp_tool") or record.get("tool") or record["action"]
    api: Json = {"operation": operation}
    if record.get("mcp_server"):
        api["service"] = {"name": record["mcp_server"]}
    denied = record["decision"] == "denied"
    result = {"ok": (1, "Success"), "error": (2, "Failure")}.get(record["result"], (0, "Unknown"))
    own: Json = {
        "api": api,
        "actor": {"app_name": record["agent"], "user": {"name": record["owner"] or "(machine)"}},
        "src_endpoint": {"uid": record["endpoint_id"]},
        "status_id": result[0],
        "status": result[1],
        "message": f"{record['agent']}: {operation}{', denied' if denied else ''}",
    }
    return _Shape(6003, 99, {**own, "activity_name": record["action"]})


def _other(record: Fields, op: str | None) -> _Shape:
    return _Shape(0, 99, {"activity_name": op or "found", "message": _message(record, op)})


_SHAPES: dict[str, Callable[[Fields, str | None], _Shape]] = {
    "finding": _finding,
    "ai_agent": _agent,
    "mcp_server": _server,
    "endpoint": _endpoint,
    "owner": _owner,
    "posture": _posture,
    "action": _action,
}


def _seen(op: str | None) -> int:
    """Whether a look collected it, or a change was logged."""
    return _LOG if op else _COLLECT


def _device(by: Teller) -> Json:
    device: Json = {"uid": by.endpoint_id, "type_id": 0}
    if by.hostname:
        device["hostname"] = by.hostname
    if by.os:
        device["os"] = {"name": by.os, "type_id": _OS.get(by.os, 0)}
        if by.os_version:
            device["os"]["version"] = by.os_version
    return device


def _owned(record: Fields) -> Json:
    owner = {"owner": {"name": record["owner"]}} if record.get("owner") else {}
    return {**owner, "type": record["rule"].partition(".")[0]}


def _message(record: Fields, op: str | None) -> str:
    name = record.get("name") or record.get("agent") or record.get("owner") or ""
    return " ".join(filter(None, (record["kind"].replace("_", " "), str(name), op or "found")))


def _milliseconds(time: str) -> int:
    return round(datetime.fromisoformat(time).timestamp() * 1000)
