"""Where people put secrets, and what secrets look like: material for the measure of redaction."""

from __future__ import annotations

import random
import string
from collections.abc import Callable

_LETTERS = string.ascii_lowercase
_ALL = string.ascii_letters + string.digits


def _from(alphabet: str, length: int) -> Callable[[random.Random], str]:
    return lambda rng: "".join(rng.choices(alphabet, k=length))


PASSWORDS: dict[str, Callable[[random.Random], str]] = {
    "pass phrase": lambda rng: (
        rng.choice(("Kestrel-Moss", "Amber.Otter", "Vivid_Quartz")) + str(rng.randint(1000, 9999))
    ),
    "short": lambda rng: "Zq7" + _from(_ALL, 5)(rng),
    "word and digits": lambda rng: "sommer" + str(rng.randint(2000, 2999)) + "x",
}
"""What a person chooses: known for a secret only by the place it stands in."""

GENERATED: dict[str, Callable[[random.Random], str]] = {
    "hex 32": _from("0123456789abcdef", 32),
    "hex 40": _from("0123456789abcdef", 40),
    "base62 20": _from(_ALL, 20),
    "base62 32": _from(_ALL, 32),
    "base32 26": _from(_LETTERS + "234567", 26),
    "letters 24": _from(string.ascii_letters, 24),
    "lower case 24": _from(_LETTERS, 24),
    "lower case 32": _from(_LETTERS, 32),
    "github token": lambda rng: "ghp_" + _from(_ALL, 36)(rng),
    "sk- key": lambda rng: "sk-" + _from(_ALL + "_-", 40)(rng),
    "jwt": lambda rng: "eyJhbGciOiJIUzI1NiJ9." + _from(_ALL, 40)(rng) + "." + _from(_ALL, 43)(rng),
}
"""What a program makes: known by its look wherever it stands."""

ARGUMENTS = """
--api-key {}
--api-key={}
--password {}
--db-password={}
-password:{}
--token --verbose --secret {}
--psk {}
--passkey {}
--pin {}
--hmac={}
--kennwort {}
--header Authorization:\u2008Bearer\u2008{}
--header=X-Whatever:\u2008{}
-H Cookie:\u2008session={};\u2008other={}
--header Authorization: Bearer {}
-e PLAIN_NAME={}
--env=lower_name={}
-eNAME={}
NAME={}
https://user:{}@host.example/mcp
https://{}@host.example/mcp
https://host.example/mcp?anything={}#and={}
postgresql://user:{}@host/db
postgresql://user:p/q{}@host/db
jdbc:postgresql://user:{}@host/db?password={}
redis://:{}@one,redis://:{}@two
root:{}@tcp(localhost:3306)/db
--user admin:{}
curl -su admin:{} https://h.example
curl -sku admin:{} https://h.example
curl -sSLH Authorization:\u2008Bearer\u2008{} https://h.example
mysql -uroot -p{} shop
-h db -u root -p {}
redis-cli -h cache -a {}
/opt/bin/sqlcmd -U sa -P {}
bob/{}@db.example:1521/ORCL
/usr/bin/sshpass -p {} ssh h
docker login -p{}
vault login {}
htpasswd -bc file admin {}
smbclient //h/s -U user%{}
aws configure set aws_secret_access_key {}
npm config set //registry.npmjs.org/:_authToken {}
kubectl create secret generic x --from-literal=foo={}
gh secret set NAME --body {}
mc alias set m http://h ACCESS {}
nmcli dev wifi connect home password {}
setx NAME {}
http -a bob:{} https://h.example
curl --data-urlencode pin={} https://h
/Password:{}
${{API_KEY:-{}}}
--x=${{SECRET:-{}}}
Server=db;Password={};Port=1
a=1|password={}|b=2
a=b&access_token={}
--config {{"apiKey":"{}","nested":{{"list":["{}"]}}}}
redis-cli -h h AUTH default {}
redis-cli config set requirepass {}
redis-server --requirepass {}
sqlplus -S system/{}
sqlplus system/{}@orcl
ldapsearch -D cn=admin -w{}
influx -username u -password {}
curl -E cert.pem:{} https://h.example
ssh-keygen -p -P {} -N {} -f k
openssl enc -K {} -iv 00
rar a -hp{} a.rar f
qpdf --encrypt {} {} 256 -- a b
keytool -storepass {} -keypass {}
pulumi config set --secret dbPassword {}
aws ssm put-parameter --type SecureString --value {}
netlify env:set FOO {}
poetry config http-basic.x u {}
composer config github-oauth.github.com {}
cargo login {}
dotnet nuget push x.nupkg -k {}
gh secret set NAME --body={}
glab auth login -t {} --hostname h
glab variable set NAME {}
net user bob {} /add
schtasks /create /ru u /rp {} /tn x
security add-generic-password -a u -w {}
bw login u {} --raw
vault kv put secret/x k={}
vault operator unseal {}
etcdctl user add root:{}
mosquitto_sub -h h -u u -P {} -t x
ngrok authtoken {}
cloudflared service install {}
tailscale up --authkey {}
rclone config create r s3 secret_access_key {}
b2 authorize-account id {}
ipmitool -H h -U u -P {} power status
snmpwalk -v2c -c {} h
xfreerdp /u:u /p:{} /v:h
ttyd -c u:{} bash
docker build --build-arg lower={} .
lftp -u u,{} sftp://h
npx x --login u:{}
npx [--token,{}]
gcc -Wl,--token,{}
npx x --seed-phrase {}
npx x /token {}
npx x --contrase\u00f1a {}
npx x --\u5bc6\u7801={}
npx x --\u043f\u0430\u0440\u043e\u043b\u044c {}
x?token={}
""".strip().splitlines()
"""One command line each; U+2008 stands for a blank inside an argument."""

TEXTS = """
(API_KEY={} npx y)
(FOO={} npx y)
$(FOO={} npx y)
`API_TOKEN={} npx y`
{{ API_KEY={} npx y; }}
Bash(API_KEY={} npx y)
Bash(curl -u bob:{} https://h)
Bash(curl -H 'Authorization: Bearer {}' https://h)
x.connect(host='h', password='{}')
x.connect(host="h", password="{}")
os.environ['API_KEY']='{}'
process.env["API_TOKEN"] = "{}"
client = Client(api_key=`{}`)
[password={}]
password = {}
"token": "{}"
'secret' => '{}'
apiKey := "{}"
CREATE USER x IDENTIFIED BY '{}'
ALTER USER x IDENTIFIED WITH caching_sha2_password BY '{}'
ALTER USER x WITH PASSWORD '{}'
SET PASSWORD = PASSWORD('{}')
psql -c "ALTER ROLE x PASSWORD '{}'"
echo '{}' | sudo -S ls
echo {} | gh auth login --with-token
printf %s {} | docker login -u x --password-stdin
sudo -S ls <<< {}
powershell -Command $env:FOO='{}'; npx x
$env:API_KEY = "{}"; npx x
net use Z: \\\\h\\s /user:bob {}
the password is {}
cannot reach https://u:{}@host/x?k={}
401 for Authorization: Bearer {}
it's wrong: password={}
npx x --token\u00a0{}
npx x --token\uff1d{}
export A_TOKEN='{}'; exec server --password="{}"
set KEY={}&& npx foo
bash -c "PGPASSWORD={} psql"
bash -c "mysql -p'{}' shop"
KEY=$(echo {} | openssl passwd -stdin)
pwsh -c "[Environment]::SetEnvironmentVariable('FOO','{}')"
pwsh -c "Set-Item env:FOO '{}'"
pwsh -c "ConvertTo-SecureString -String {} -AsPlainText -Force"
pwsh -c "New-Object System.Net.NetworkCredential('u','{}')"
os.putenv('FOO', '{}')
requests.get(u, auth=('u','{}'))
$ENV{{TOKEN}}="{}"
bash -c "python -c \\"import os; os.environ['X_TOKEN']='{}'\\""
secret-tool store --label=x k v <<< {}
""".strip().splitlines()

URLS = """
https://user:{}@h.example/mcp
https://h.example/mcp?key={}
https://h.example/mcp#access_token={}
https://h.example/key/{}/mcp
https://h.example/token={}/mcp
https://mcp.zapier.com/api/mcp/s/{}/mcp
https://eu2.make.com/mcp/api/v1/u/{}/sse
https://mcp.composio.dev/gmail/{}
https://hooks.slack.com/services/T0/B0/{}
https://discord.com/api/webhooks/123/{}
https://maker.ifttt.com/trigger/door/with/key/{}
https://eth-mainnet.g.alchemy.com/v2/{}
https://mainnet.infura.io/v3/{}
https://canary.discord.com/api/v10/webhooks/123/{}
https://api.telegram.org/bot123456789:{}/sendMessage
https://ntfy.sh/{}
https://open.feishu.cn/open-apis/bot/v2/hook/{}
https://backend.composio.dev/v3/mcp/{}/mcp
https://h.example/%74oken/{}/mcp
https://rpc.ankr.com/eth/{}
https://h.example/a;jsessionid={}/b
https://[fe80::1%25{}]/mcp
""".strip().splitlines()

BARE = """
url https://h.example/s/{}/mcp
url https://h.example/{}
url https://h.example/v3/x/{}/sse
name {}
name server-{}
arguments serve {}
arguments {}
arguments --profile {}
arguments --flag={}
text failed with {}
""".strip().splitlines()
"""Places that say nothing of what stands in them."""
