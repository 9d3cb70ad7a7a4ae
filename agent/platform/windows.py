"""Windows: homes from the profile list of the registry, the machine id from MachineGuid."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

from collectors.sources.account import Home

_PROFILES = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList"
_CRYPTOGRAPHY = r"SOFTWARE\Microsoft\Cryptography"


def homes(network: bool = False) -> list[Home]:
    """Profile folders of the machine's accounts (SIDs of people start with S-1-5-21 or, from Entra ID, S-1-12-1).

    Profiles lie on disks of the machine, whatever `network` says.
    """
    found: list[Home] = []
    if sys.platform == "win32":
        import winreg

        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _PROFILES) as profiles:
            for index in range(winreg.QueryInfoKey(profiles)[0]):
                sid = winreg.EnumKey(profiles, index)
                with winreg.OpenKey(profiles, sid) as profile:
                    folder = os.path.expandvars(str(winreg.QueryValueEx(profile, "ProfileImagePath")[0]))
                if sid.startswith(("S-1-5-21-", "S-1-12-1-")) and Path(folder).is_dir():
                    path = folder.replace("\\", "/")
                    reachable = os.access(folder, os.R_OK)
                    found.append(Home(path.rsplit("/", 1)[-1], path, None, account="human", reachable=reachable))
    return found


def machine_id() -> str | None:
    """The id that Windows set-up gave this installation."""
    if sys.platform == "win32":
        import winreg

        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, _CRYPTOGRAPHY) as key:
            return str(winreg.QueryValueEx(key, "MachineGuid")[0])
    return None


def version() -> str | None:
    """Such as `Windows 11`."""
    return f"Windows {platform.release()}"
