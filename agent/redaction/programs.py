"""Which options and which words of well-known programs are passwords, or hold one."""

from __future__ import annotations

from agent.redaction.patterns import word_set

_OPTIONS = {
    "redis-cli keydb-cli valkey-cli": "-a",
    "sqlcmd bcp osql isql zip unzip mosquitto_sub mosquitto_pub mosquitto_rr mqttx ipmitool import": "-P",
    "ldapsearch ldapmodify ldapadd ldapdelete ldapwhoami ldapcompare": "-w*",
    "ldappasswd": "-w* -s* -a*",
    "mysql mysqldump mysqladmin mysqlsh mariadb mariadb-dump mycli sshpass 7z 7za 7zz login": "-p",
    "rar unrar": "-p -hp*",
    "openssl": "-k -K -hmac",
    "curl": "-b -E:user --cert:user --proxy-cert:user",
    "ssh-keygen": "-N -P",
    "http https xh xhs": "-a",
    "unlock-keychain add-generic-password add-internet-password": "-p -w",
    "lftp": "-u",
    "keytool jarsigner": "-storepass -keypass -srcstorepass -deststorepass",
    "swift": "-K",
    "snmpget snmpgetnext snmpwalk snmpbulkget snmpbulkwalk snmpset snmptrap snmptable": "-c* -A -X",
    "xfreerdp wfreerdp sdl-freerdp": "/p:*",
    "schtasks": "/rp",
    "ttyd gotty": "-c:user",
    "caddy": "--plaintext",
    "nuget": "-k",
    "doctl-auth glab-auth-login vercel": "-t",
    "ssm": "--value",
    "influx": "-password",
    "iwconfig iw pulumi": "",
}
"""Programs (or `program-subcommand`) and their options that take a password. `*`: it may stand in one word with the
option; `:user`: what follows has a part in front that is none, `user:password`."""

GLUED = "*"
"""Marks such an option."""

_POSITIONS = {
    "vault-login vault-unseal operator-unseal bw-unlock rclone-obscure keychain-unlock": "1",
    "cargo-login nuget-setapikey": "1",
    "ngrok-authtoken service-install reset-admin-password openssl-passwd mysqladmin-password etcdctl-user-add": "1",
    "github-oauth gitlab-token gitlab-oauth iwconfig-key iw-key": "1",
    "requirepass masterauth authtoken input_pw owner_pw user_pw": "1",
    "redis-cli-auth htpasswd net-use": "1 2 3",
    "bw-login wpa_passphrase setx setenv net-user user-secrets-set b2-authorize-account account-authorize": "2",
    "set-agent-token rabbitmqctl-add_user rabbitmqctl-change_password set--gx env:set variable-set smbclient": "2",
    "http-basic": "2",
    "op-signin alias-set host-add": "3 4",
    "wifi-connect -setairportnetwork": "3",
    "--encrypt": "1 2",
}
"""Programs, options or `program-subcommand`, and which of the words behind them are passwords."""

ASSIGNING = word_set("kv-put kv-patch vault-write config:set secrets-set appsettings-set item-create set-env")
"""What takes `name=value`, each of them secret."""

SLASHED = word_set("sqlplus sqlldr rman imp exp impdp expdp")
"""Programs that take `user/password`."""
FLAGS = {"pulumi": ("--secret",)}
"""Options that look as if a secret followed, and none does."""


def _options(listed: str) -> dict[str, str]:
    options = (option.partition(":") if not option.startswith("/") else (option, "", "") for option in listed.split())
    return {option: kind or "secret:password" for option, _, kind in options}


SECRET_OPTIONS = {name: _options(listed) for names, listed in _OPTIONS.items() for name in names.split()}
SECRET_WORDS = {name: tuple(map(int, places.split())) for names, places in _POSITIONS.items() for name in names.split()}
