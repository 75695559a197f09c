import type { GatewayRoute } from "../../exchange.ts";
import type { Route } from "../../rest/route-table.ts";
import type { CompatRoute } from "./compat-route.ts";

/** Scripts come from here only, and connections go nowhere else. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const headers = { "content-security-policy": contentSecurityPolicy };

const scriptPath = "/orders/sessions/monitor.js";

/** Nothing of the request is in it: the script reads the code from the address. */
const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Session</title>
  </head>
  <body>
    <h1>Messages of a session</h1>
    <p id="state">connecting</p>
    <ol id="messages"></ol>
    <script src="${scriptPath}"></script>
  </body>
</html>
`;

const script = `const code = location.pathname.split("/")[4];
const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const socket = new WebSocket(scheme + "//" + location.host + "/ws/session/" + code + "/");
const state = document.getElementById("state");
socket.onopen = () => { state.textContent = "open"; };
socket.onclose = (event) => { state.textContent = "closed: " + event.code + " " + event.reason; };
socket.onmessage = ({ data }) => {
  const line = document.createElement("li");
  line.textContent = data;
  const list = document.getElementById("messages");
  list.append(line);
  while (list.children.length > 500) {
    list.firstChild.remove();
  }
};
`;

/** GET /orders/sessions/monitor/{code}/: a page that prints what comes over the session's WebSocket. */
export function monitorRoutes(route: CompatRoute): Route<GatewayRoute>[] {
  return [
    ...route("GET", "/orders/sessions/monitor/{code}/", async () => ({
      status: 200,
      contentType: "text/html; charset=utf-8",
      body: page,
      headers,
    })),
    {
      method: "GET",
      path: scriptPath,
      target: {
        recorded: false,
        answer: async () => ({
          status: 200,
          contentType: "text/javascript; charset=utf-8",
          body: script,
          headers,
        }),
      },
    },
  ];
}
