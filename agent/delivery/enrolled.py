"""A target whose credential comes from enrolment, and is renewed when the receiver says that it is no longer valid."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from agent.delivery.batch import Batch
from agent.delivery.client_certificate import certificate_file, is_ageing
from agent.delivery.contract import Misconfigured, Notice, Outcome, Retry, Target
from agent.delivery.enrolment import EnrolmentError, credential_file, enroll, enrolment_of
from agent.delivery.targets.rollcall import RollcallSettings
from agent.journal.journal import Journal

_RENEWAL_SECONDS = 3600.0
"""Between two attempts to renew a certificate."""


class EnrolledTarget:
    """Enrolls before the first batch where there is no credential yet, and sends with it."""

    def __init__(
        self,
        settings: RollcallSettings,
        journal: Journal,
        folder: Path,
        make: Callable[[RollcallSettings, Notice], Target],
        on_notice: Notice,
    ) -> None:
        self.name = settings.name
        self._settings, self._journal, self._folder = settings, journal, folder
        self._make, self._on_notice = make, on_notice
        self._credential = credential_file(folder, settings.name)
        self._certificate = certificate_file(folder, settings.name)
        self._given: dict[str, Path] = {}
        self._target: Target | None = None
        self._aborted = False
        self._next_renewal = 0.0

    def send(self, batch: Batch) -> Outcome:
        if not self._credential.exists():
            return self._enroll() or self._connected().send(batch)
        if is_ageing(self._certificate) and time.monotonic() >= self._next_renewal:
            # Until it is renewed the old one will do.
            self._next_renewal = time.monotonic() + _RENEWAL_SECONDS
            self._enroll()
        outcome = self._connected().send(batch)
        if isinstance(outcome, Misconfigured) and outcome.credential_invalid:
            # The batch goes with the new one, after a pause: a receiver that refuses that too is not asked in a circle.
            return self._enroll() or Retry("enrolled anew")
        return outcome

    def abort(self) -> None:
        self._aborted = True
        if self._target:
            self._target.abort()

    def close(self) -> None:
        if self._target:
            self._target.close()
            self._target = None

    def _connected(self) -> Target:
        given = {"token_file": self._credential}
        if self._certificate.exists() and not self._settings.client_cert_file:
            given["client_cert_file"] = self._certificate
        if given != self._given:
            # Somebody enrolled, here or by hand.
            self.close()
        if self._target is None:
            self._given = given
            self._target = self._make(self._settings.model_copy(update=given), self._on_notice)
            if self._aborted:
                self._target.abort()
        return self._target

    def _enroll(self) -> Misconfigured | None:
        """Why there is no credential; None where there is one now."""
        known, settings = enrolment_of(self._folder, self.name), self._settings
        url = settings.enroll_url or (known.url if known else None)
        secret = settings.enroll_secret_file or (Path(known.secret_file) if known else None)
        if not (url and secret):
            return Misconfigured("not enrolled: run `rollcall enroll`")
        try:
            enroll(settings, self.name, self._journal, self._folder, url, secret)
        except EnrolmentError as error:
            return Misconfigured(str(error))
        self.close()
        return None


def is_enrolled(settings: RollcallSettings, folder: Path) -> bool:
    """Whether the credential of a target comes from enrolment: the settings say so, or somebody did it by hand."""
    configured = settings.token_file or settings.token_env or settings.token_credential
    return not configured and bool(settings.enroll_url or enrolment_of(folder, settings.name))
