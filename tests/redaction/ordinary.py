"""Values as they stand in people's files, none of them a secret."""

from __future__ import annotations

ARGUMENTS = """
npx -y @modelcontextprotocol/server-filesystem /home/me/projects
npx -y @modelcontextprotocol/server-sequential-thinking@2025.7.1
npx -y @playwright/mcp@latest --headless --browser chromium --viewport-size 1280,720
npx -y mcp-remote https://mcp.linear.app/sse
npx -y mcp-remote https://mcp.atlassian.com/v1/sse --transport sse-only --allow-http
npx -y @upstash/context7-mcp@latest
npx -y @supabase/mcp-server-supabase@latest --read-only --features=database,docs
npx -y firebase-tools@latest experimental:mcp
npx -y chrome-devtools-mcp@latest --isolated=true --channel=canary
npx -y tsx ./src/index.ts --stdio
npx -y figma-developer-mcp --stdio --port 3333
npx -y @sentry/mcp-server@latest --host sentry.example.com
npx -y @azure/mcp@latest server start --namespace storage
npx -y @notionhq/notion-mcp-server
npx -y mongodb-mcp-server --readOnly --apiVersion 1
npx -y @executeautomation/playwright-mcp-server
npx -y @smithery/cli@latest run @smithery-ai/server-sequential-thinking
npx -y @wonderwhy-er/desktop-commander
npx -y mcp-server-kubernetes
npx -y @modelcontextprotocol/inspector node build/index.js
uvx mcp-server-git --repository /srv/repos/main
uvx mcp-server-fetch --ignore-robots-txt
uvx --from git+https://github.com/oraios/serena serena start-mcp-server --context ide-assistant
uvx --from mcp-proxy==0.8.2 mcp-proxy --transport streamablehttp http://localhost:8080/mcp
uvx awslabs.aws-documentation-mcp-server@latest
uvx --python 3.12 --with mcp[cli] mcp run server.py
uv run --directory /home/me/code/weather weather.py
uv --directory C:\\Users\\me\\mcp-servers\\weather run weather.py
uvx basic-memory --project main mcp
uvx mcp-server-sqlite --db-path ~/data/test.db
uvx duckduckgo-mcp-server
uvx mcp-server-time --local-timezone=America/New_York
python -m mcp_server_fetch
python3 /opt/mcp/servers/internal_documentation_search/server.py --log-level DEBUG
node /home/me/.local/share/mcp/dist/index.js --config ./config.json
node --experimental-vm-modules build/index.js
docker run -i --rm ghcr.io/github/github-mcp-server:0.5.0
docker run -i --rm -e GITHUB_PERSONAL_ACCESS_TOKEN ghcr.io/github/github-mcp-server
docker run -i --rm --network=host -v /srv/data:/data:ro mcp/filesystem /data
docker run -i --rm --mount type=bind,src=/Users/me/Desktop,dst=/projects/Desktop mcp/filesystem /projects
docker mcp gateway run --servers github-official,playwright --secrets docker-desktop
docker mcp gateway run --secrets /home/me/.secrets/mcp.env
docker compose -p tools run mcp
deno run --allow-net --allow-read jsr:@example/mcp-server
bunx --bun @example/server
cmd /c npx -y @modelcontextprotocol/server-memory
java -jar /opt/mcp/mcp-server-1.4.2.jar --spring.profiles.active=stdio
dotnet run --project ./src/McpServer/McpServer.csproj --no-build
go run ./cmd/server --stdio --toolsets repos,issues,pull_requests
cargo run -p mcp-server --release
bash -c "cd /srv/app && npm run mcp"
bash -c "source ~/.venvs/mcp/bin/activate && python -m server"
mcp-server-postgres postgresql://localhost/shop
postgres-mcp --access-mode=restricted
toolbox --prebuilt=bigquery --stdio
code --add-mcp
kubectl -n staging port-forward svc/api 8080:80
ssh -i ~/.ssh/id_ed25519 dev@host.example mcp
--max-tokens 4096 --temperature 0.2 --model gpt-4o-mini-2024-07-18
--model Qwen3-VL-32B-Instruct-GPTQ-Int4 --max-output-tokens=8192
--token-file /run/secrets/token --key /etc/ssl/private/host.pem
--bearer-token-env-var MY_TOKEN --auth-type oauth --no-auth
--allowed-tools Read,Write,Edit --permission-mode acceptEdits
--token ${GITHUB_TOKEN} --api-key=${input:api-key}
--header Authorization:${AUTH_HEADER}
--keyboard-layout us --primary-key id --sort-key name
--commit 0123456789abcdef0123456789abcdef01234567@main
git+https://github.com/owner/repo@0123456789abcdef0123456789abcdef01234567
mcp/image@sha256:abababababababababababababababababababababababababababababababab
/nix/store/1b9p07z77phvv2hf6gm9f28syp39f1ag-nodejs-18.1/bin/node ./dist/index.js
/Applications/Claude.app/Contents/Resources/app.asar.unpacked/node_modules/server
/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T/x
C:\\Program Files\\nodejs\\node.exe E:\\MCP\\claude-code-mcp\\dist\\index.js
/home/me/src/internationalization/documentation/server.py
./packages/mcp-server-implementation/dist/main.js
--timezone Europe/Berlin --since 2025-01-01T00:00:00Z
--url http://127.0.0.1:7860/gradio_api/mcp/sse
--user 1000:1000 --workdir /app --platform linux/amd64
--filter name=web --format json --sort created
--config-path /etc/mcp/configuration.production.yaml
Bash(git log:*) Bash(npm run test:*) Read(~/.zshrc) WebFetch(domain:docs.python.org)
Bash(gh pr view:*) Bash(docker compose logs:*) Edit(/src/**) mcp__github__list_issues
Bash(python3 -m pytest tests/test_authentication.py::test_token_refresh)
Bash(grep -rn "password" src/) Bash(find . -name "*.pem")
Bash(echo "done" | tee out.txt) Bash(cat package.json | jq .version)
Bash(git checkout -b feature/token-rotation) Bash(rg secret --files-with-matches)
error: the token is invalid or has expired
cannot open /home/me/.config/mcp/config.json: permission denied
expected a map, found a text
""".strip().splitlines()

URLS = """
https://mcp.linear.app/sse
https://mcp.atlassian.com/v1/sse
https://api.githubcopilot.com/mcp/
https://mcp.sentry.dev/mcp
https://mcp.stripe.com
https://mcp.notion.com/mcp
https://mcp.context7.com/mcp
https://mcp.deepwiki.com/mcp
https://docs.mcp.cloudflare.com/sse
https://observability.mcp.cloudflare.com/sse
https://huggingface.co/mcp
https://mcp.vercel.com
https://learn.microsoft.com/api/mcp
https://mcp.figma.com/mcp
http://127.0.0.1:3845/mcp
http://localhost:8931/sse
http://host.docker.internal:8811/mcp
https://gitmcp.io/modelcontextprotocol/servers
https://gitmcp.io/{owner}/{repo}
https://mcp.asana.com/sse
https://mcp.intercom.com/mcp
https://mcp.paypal.com/http
https://mcp.squareup.com/sse
https://mcp.exa.ai/mcp
https://server.smithery.ai/exa/mcp
https://knowledge-mcp.global.api.aws
https://bigquery.googleapis.com/mcp
https://mcp.example.com/v1/organizations/engineering/mcp
https://registry.modelcontextprotocol.io/v0/servers
https://api.openai.com/v1
https://api.anthropic.com/v1/messages
https://openrouter.ai/api/v1
https://generativelanguage.googleapis.com/v1beta/models
https://my-resource.openai.azure.com/openai/deployments/gpt-4o
https://bedrock-runtime.eu-central-1.amazonaws.com
https://d111111abcdef8.cloudfront.net/mcp
https://abc123def4.execute-api.eu-central-1.amazonaws.com/prod/mcp
https://crujfdpqdjzcfqeyhang.supabase.co/functions/v1/mcp
https://ep-cool-darkness-123456.eu-central-1.aws.neon.tech/mcp
https://adb-1234567890123456.7.azuredatabricks.net/api/2.0/mcp
https://n8n.example.com/mcp/internal-tools/sse
https://raw.githubusercontent.com/owner/repo/main/README.md
https://github.com/modelcontextprotocol/servers/tree/main/src/everything
https://www.npmjs.com/package/@modelcontextprotocol/server-everything
https://docs.example.com/en/latest/configuration/authentication
wss://relay.example.net/stream
https://[2001:db8::1]:8443/mcp
https://${input:domain}/mcp
https://intranet.example.corp/artificialintelligence/mcp
https://mcp.example.com/environments/production/workspaces/marketing
""".strip().splitlines()

NAMES = """
github
github-official
filesystem
sequential-thinking
sequentialthinking
server-everything
playwright
puppeteer
context7
memory
postgres-production
supabase
desktop-commander
chrome-devtools
microsoft-docs
awslabs.aws-documentation-mcp-server
awslabs.cost-analysis-mcp-server
com.example/internal-tools
io.github.owner/mcp-server
@modelcontextprotocol/server-filesystem
modelcontextprotocol
kubernetes
elasticsearch-mcp
my server (dev)
Weather Service
browserMCP
figmaDeveloperMcp
atlassianRovo
JetBrains
TalkToFigma
mcp_server_time
notionApi
stripe-agent-toolkit
sonarqube
brave-search
duckduckgo
google-maps
google_workspace
home-assistant
documentation-search
internationalization
taskmaster-ai
codebase-retrieval
database-administration
password-generator
token-counter
secrets-scanner
auth0
1password
vault-reader
okta-mcp
session-store
obsidian
zapier
n8n-workflows
gmail-autoauth
linkedin-scraper
youtube-transcript
hyperbrowser
stagehand
mcp-server-kubernetes
server-brave-search
react-native-debugger
terraform-registry
projects.web.mcpServers
mcpServers.github
mcpServers
context_servers
servers[0]
permissions.allow
hasTrustDialogAccepted
enabledMcpjsonServers
disabledMcpjsonServers
autoApproveEverythingExceptDeletes
experimental_use_rmcp_client
GITHUB_PERSONAL_ACCESS_TOKEN
AWS_SECRET_ACCESS_KEY
X-Api-Key
Authorization
""".strip().splitlines()
