"""What Rollcall says: one frozen model per kind of record."""

from agent.records.action import Action, ActionCount
from agent.records.ai_agent import AiAgent
from agent.records.approval import Approval
from agent.records.artifact import Artifact
from agent.records.base import SCHEMA, Evidence, Part, Record, record_id
from agent.records.checkpoint import Checkpoint, TargetReceipt
from agent.records.connection import Connection, Exposure, Purpose, Relation
from agent.records.coverage import ClientState, Coverage
from agent.records.data_source import DataKind, DataSource
from agent.records.diagnostic import Diagnostic
from agent.records.endpoint import Endpoint
from agent.records.finding import Finding, Proof
from agent.records.heartbeat import CollectorHealth, Heartbeat, TargetHealth
from agent.records.instance import Children, Instance
from agent.records.launch_file import LaunchFile
from agent.records.look_scope import LookScope, UnknownPart
from agent.records.mcp_server import DefinitionScope, McpServer, Source, Transport
from agent.records.model_provider import ModelProvider
from agent.records.owner import Owner
from agent.records.package_on_disk import PackageOnDisk
from agent.records.policy import OrganisationRole, PolicyInForce
from agent.records.posture import Posture
from agent.records.sign_in import SignIn
from agent.records.summary import Summary
from agent.records.supervision import Supervision
from agent.records.text_mark import TextMark
from agent.records.tool import PinnedTool, Tool
from agent.records.tool_list import ToolDigest, ToolList, ToolUse

KINDS: dict[str, type[Record]] = {
    "endpoint": Endpoint,
    "owner": Owner,
    "ai_agent": AiAgent,
    "instance": Instance,
    "mcp_server": McpServer,
    "tool": Tool,
    "artifact": Artifact,
    "model_provider": ModelProvider,
    "posture": Posture,
    "approval": Approval,
    "connection": Connection,
    "sign_in": SignIn,
    "coverage": Coverage,
    "policy": PolicyInForce,
    "action": Action,
    "supervision": Supervision,
    "action_count": ActionCount,
    "finding": Finding,
    "diagnostic": Diagnostic,
    "summary": Summary,
    "heartbeat": Heartbeat,
    "checkpoint": Checkpoint,
}

FACTS: dict[str, type[Record]] = {**KINDS, "tool_list": ToolList}
"""What collectors may say: the lists become records of single tools before they are told."""

__all__ = [
    "FACTS",
    "KINDS",
    "SCHEMA",
    "Action",
    "ActionCount",
    "AiAgent",
    "Approval",
    "Artifact",
    "Checkpoint",
    "Children",
    "ClientState",
    "CollectorHealth",
    "Connection",
    "Coverage",
    "DataKind",
    "DataSource",
    "DefinitionScope",
    "Diagnostic",
    "Endpoint",
    "Evidence",
    "Exposure",
    "Finding",
    "Heartbeat",
    "Instance",
    "LaunchFile",
    "LookScope",
    "McpServer",
    "ModelProvider",
    "OrganisationRole",
    "Owner",
    "PackageOnDisk",
    "Part",
    "PinnedTool",
    "PolicyInForce",
    "Posture",
    "Proof",
    "Purpose",
    "Record",
    "Relation",
    "SignIn",
    "Source",
    "Summary",
    "Supervision",
    "TargetHealth",
    "TargetReceipt",
    "TextMark",
    "Tool",
    "ToolDigest",
    "ToolList",
    "ToolUse",
    "Transport",
    "UnknownPart",
    "record_id",
]
