"""Keeps the last good policy in force, whatever becomes of the place it comes from."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from agent.governance.policy.fetch_messages import Answer, Question
from agent.governance.policy.fetch_process import PolicyCheck
from agent.governance.policy.file import PolicyFile
from agent.governance.policy.in_force import InForce, Problem
from agent.governance.policy.last_good import LastGood, confirm, confirmed_within, not_before
from agent.governance.policy.model import PolicyError, parse_policy
from agent.governance.policy.settings import PolicySettings
from agent.runtime.logs import logger

_LOOK_SECONDS = 2.0
_LISTEN_SECONDS = 0.2
_CLOCKS_DIFFER = 86_400
"""Seconds by which a signature may be later than this machine's clock."""
_FIRST_SECONDS = 20.0
"""How long is waited for a policy when there is none yet."""
_AGAIN_SECONDS = 300.0
"""After nothing could be seen, unless `refresh_seconds` is shorter."""


class PolicyManager:
    """A worse policy never replaces a good one: not one with an error, of another key, or signed earlier."""

    def __init__(self, settings: PolicySettings, folder: Path, durable: bool = True) -> None:
        """`folder` holds the last good policy; it is only written to where that is to be `durable`."""
        self._settings = settings
        self._folder = folder
        self._durable = durable
        self._place = settings.place
        self._file = PolicyFile(Path(settings.file), bool(settings.public_key)) if settings.file else None
        self._enquiry: PolicyCheck | None = None
        self._due = 0.0
        self.in_force = InForce(place=self._place)

    def start(self) -> None:
        """Take up the last good policy and ask for the current one; wait for it where that is quick or needed."""
        if not self._place:
            return
        self._restore()
        good = self.in_force.good
        held = good is not None and good.place == self._settings.url
        if held and not self._durable and confirmed_within(self._folder, self._settings.refresh_seconds):
            return
        self._ask()
        if not (held and self._durable):
            self._hear(_FIRST_SECONDS)

    @property
    def look_seconds(self) -> float:
        """How soon `look` wants to be called again."""
        return _LISTEN_SECONDS if self._enquiry else _LOOK_SECONDS

    def look(self) -> bool:
        """Notice a changed file, a due refresh, an answer. Whether something else is in force now, or in doubt."""
        before = self.in_force
        if self._enquiry:
            self._hear()
        elif self._is_due():
            self._ask()
        return self.in_force is not before

    def close(self) -> None:
        """Ask no more."""
        if self._enquiry:
            self._enquiry.close()
            self._enquiry = None

    def _is_due(self) -> bool:
        seen = self._file is None or (self.in_force.trouble and self.in_force.trouble.kind == "unreachable")
        if seen and self._place and time.monotonic() >= self._due:
            return True
        return self._file is not None and self._file.ripe()

    def _restore(self) -> None:
        """The last good policy, where it stands the checks of today."""
        good = LastGood.load(self._folder)
        if good is None:
            return
        if self._settings.public_key:
            said = self._wait_for(Question(self._settings.public_key, text=good.text, signature=good.signature))
            if said.kind != "good":
                self._log("error", "policy.last_good_refused", reason=said.reason)
                return
            good = good.model_copy(update={"signed_by": said.signed_by, "signed_at": said.signed_at})
        try:
            policy = parse_policy(good.text, str(self._folder))
        except PolicyError as error:
            self._log("error", "policy.last_good_refused", reason=str(error))
            return
        self.in_force = InForce(policy, self._place, good)

    def _wait_for(self, question: Question) -> Answer:
        try:
            enquiry = PolicyCheck(question)
        except OSError as error:
            return Answer("unreachable", f"no process to check it: {type(error).__name__}")
        said = enquiry.answer(_FIRST_SECONDS)
        if said is None:
            enquiry.close()
        return said or Answer("unreachable", "the process that checks it takes too long")

    def _ask(self) -> None:
        """Take what can be had at once, or start to enquire."""
        keys, good = self._settings.public_key, self.in_force.good
        try:
            if self._file is None:
                etag = good.etag if good and good.place == self._place else ""
                self._enquiry = PolicyCheck(Question(keys, self._settings.url, self._settings.ca_file, etag))
                return
            text, signature = self._file.read()
            if keys:
                self._enquiry = PolicyCheck(Question(keys, text=text, signature=signature))
            else:
                self._take(Answer("good", text=text))
        except PolicyError as error:
            self._troubled(Problem("invalid", str(error)))
        except OSError as error:
            self._take(Answer("unreachable", f"no process to check it: {type(error).__name__}"))

    def _hear(self, wait: float = 0.0) -> None:
        said = self._enquiry.answer(wait) if self._enquiry else None
        if said:
            self._enquiry = None
            self._take(said)

    def _take(self, said: Answer) -> None:
        """Let an answer decide what is in force from now on."""
        seconds = self._settings.refresh_seconds * random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, no secret
        self._due = time.monotonic() + (min(seconds, _AGAIN_SECONDS) if said.kind == "unreachable" else seconds)
        if said.kind == "refused":
            self._troubled(Problem("invalid", f"{self._place}: {said.reason}"))
        elif said.kind == "unreachable":
            self._troubled(Problem("unreachable", f"{self._place}: {said.reason}"))
        elif said.kind == "unchanged":
            self._settled()
        else:
            try:
                self._compared(said)
            except PolicyError as error:
                self._troubled(Problem("invalid", str(error)))

    def _compared(self, said: Answer) -> None:
        """Raises `PolicyError`; then everything stays as it is."""
        good = self.in_force.good
        if good and said.text == good.text and said.signed_at <= good.signed_at:
            self._settled()
            return
        latest = not_before(self._folder) + _CLOCKS_DIFFER
        if said.signed_at > latest:
            raise PolicyError(
                f"{self._place}: signed in the future: the clock of whoever signed it, or this one, is wrong"
            )
        # One that an earlier version took with such a signature must not keep out all others.
        if good and self._settings.public_key and said.signed_at <= good.signed_at <= latest:
            raise PolicyError(f"{self._place}: not signed later than the one in force: an older one is not taken back")
        policy = parse_policy(said.text, self._place)
        good = LastGood(
            text=said.text,
            place=self._place,
            signature=said.signature,
            signed_by=said.signed_by,
            signed_at=said.signed_at,
            etag=said.etag,
        )
        self.in_force = InForce(policy, self._place, good)
        if self._durable:
            self._keep(good)

    def _keep(self, good: LastGood) -> None:
        version = self.in_force.policy.version
        logger().info("policy.in_force", place=self._place, version=version, signed_by=good.signed_by or None)
        try:
            good.save(self._folder)
        except OSError as error:
            logger().error("policy.not_kept", reason=type(error).__name__, consequence="a restart may lose it")

    def _settled(self) -> None:
        """What is there is what is in force."""
        if self._durable:
            confirm(self._folder)
        if self.in_force.trouble:
            self.in_force = replace(self.in_force, trouble=None, since=datetime.now(UTC))

    def _troubled(self, trouble: Problem) -> None:
        now = self.in_force
        if trouble != now.trouble:
            self.in_force = replace(now, trouble=trouble, since=datetime.now(UTC))
            stays = f"version {now.policy.version} stays in force" if now.good else "there is no policy"
            self._log("error", f"policy.{trouble.kind}", reason=trouble.reason, consequence=stays)

    def _log(self, level: str, event: str, **facts: str | None) -> None:
        if self._durable:
            getattr(logger(), level)(event, **facts)
