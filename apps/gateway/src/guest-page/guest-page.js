// What a guest gets who scans the QR code of a table. It is small on purpose: apps/web will take its place.
// Whatever a person has written is only ever set as textContent, so that it stays text.

/** The page may lie below a path: every address is relative to it. */
const addressOf = (path) => new URL(`../${path}`, location.href);
const code = decodeURIComponent(location.pathname.split("/").at(-1));
const storageKey = `ordermesh.guest.${code}`;
const requestTimeoutMs = 15_000;
const reconnectDelayMaxMs = 10_000;
const orderTriesMax = 4;

const statuses = {
  ORDER_STATUS_PLACED: "placed",
  ORDER_STATUS_ACCEPTED: "accepted",
  ORDER_STATUS_PREPARING: "being prepared",
  ORDER_STATUS_SERVED: "served",
  ORDER_STATUS_PAID: "paid",
  ORDER_STATUS_DECLINED: "declined",
  ORDER_STATUS_CANCELED: "canceled",
};

const explanations = {
  INVITATION_NOT_FOUND: "This link or code is not good any more. Ask the staff for a new one.",
  SOLD_OUT: "This is sold out.",
  SESSION_CLOSING: "Nothing can be ordered any more: the table is being closed.",
};

const byId = (id) => document.getElementById(id);
const pause = (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs));

/** Who this is, once joined: { token, guestId, sessionId, locationId }. The token is kept nowhere else. */
let guest = JSON.parse(sessionStorage.getItem(storageKey));
const nicknames = new Map();
const orderPlaces = new Map();
let cursor = "";
let failures = 0;
let hasMenu = false;

/** A live region speaks when its text is set, even to the same one. */
function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

function make(name, className, ...children) {
  const element = document.createElement(name);
  element.className = className;
  element.append(...children);
  return element;
}

function priceOf({ currencyCode, amountMinor }) {
  const format = new Intl.NumberFormat(undefined, { style: "currency", currency: currencyCode });
  return format.format(Number(amountMinor) / 10 ** format.resolvedOptions().maximumFractionDigits);
}

/** Throws an Error with a text for the guest, and with the answer's status and reason if there was one. */
async function call(method, path, body) {
  const token = guest === null ? {} : { authorization: `Bearer ${guest.token}` };
  const headers = { "content-type": "application/json", ...token };
  const signal = AbortSignal.timeout(requestTimeoutMs);
  const request = { method, headers, body: JSON.stringify(body), signal };
  const response = await fetch(addressOf(`v1/${path}`), request).catch(() => ({ ok: false, status: 0 }));
  const answer = await response.json?.().catch(() => undefined);
  if (!response.ok || answer === undefined) {
    const text = explanations[answer?.reason] ?? answer?.detail ?? "There was no answer. Try again.";
    throw Object.assign(new Error(text), { status: answer ? response.status : 0, reason: answer?.reason });
  }
  return answer;
}

async function join(event) {
  event.preventDefault();
  byId("join-button").disabled = true;
  // The whole link as it was made: what else an address may have gathered on its way does not belong to it.
  const { origin, pathname, hash } = location;
  const invitation = hash.length > 1 ? { link: `${origin}${pathname}${hash}` } : { code };
  try {
    const joined = await call("POST", "session-joins", { ...invitation, nickname: byId("nickname").value });
    const { sessionId, locationId } = joined.session;
    guest = { token: joined.guestToken, guestId: joined.guest.guestId, sessionId, locationId };
    sessionStorage.setItem(storageKey, JSON.stringify(guest));
    enter();
  } catch (error) {
    setText(byId("notice"), error.message);
  }
  byId("join-button").disabled = false;
}

function enter() {
  // Nobody who looks at the address or is sent it shall join by the secret in it.
  history.replaceState(null, "", location.pathname);
  byId("join").hidden = true;
  byId("menu-section").hidden = false;
  byId("orders-section").hidden = false;
  setText(byId("notice"), "");
  setText(byId("connection"), "Connecting…");
  connect();
}

async function showMenu() {
  try {
    const { items } = await call("GET", `locations/${guest.locationId}/menu`);
    byId("menu").replaceChildren(...items.map(menuPlace));
    hasMenu = true;
  } catch (error) {
    setText(byId("notice"), `The menu can not be shown. ${error.message}`);
  }
}

function menuPlace(item) {
  const quantity = make("input", "");
  Object.assign(quantity, { type: "number", min: "1", max: "99", value: "1", required: true });
  quantity.setAttribute("aria-label", `Quantity of ${item.name}`);
  const button = make("button", "", item.isSoldOut ? "Sold out" : "Order");
  button.setAttribute("aria-label", `${button.textContent}: ${item.name}`);
  button.disabled = item.isSoldOut;
  button.addEventListener("click", async () => {
    if (quantity.reportValidity()) {
      button.disabled = true;
      button.disabled = await order(item, quantity.valueAsNumber);
    }
  });
  const additives = item.additives.length > 0 ? `Contains ${item.additives.join(", ")}.` : "";
  const place = make("li", "", make("p", "name", `${item.name}, ${priceOf(item.price)}`));
  place.append(...[item.description, additives].filter(Boolean).map((text) => make("p", "quiet", text)));
  place.append(make("div", "ordering", make("label", "", "Quantity ", quantity), button));
  return place;
}

/** Tells whether the item is sold out. */
async function order({ sku, name }, quantity) {
  // Not randomUUID, which browsers have over HTTPS only. The same key in every try: it is ordered once.
  const idempotencyKey = crypto.getRandomValues(new Uint32Array(4)).join("-");
  const wanted = { lines: [{ sku, quantity }], idempotencyKey };
  for (let tries = 1; ; tries += 1) {
    try {
      await call("POST", `sessions/${guest.sessionId}/orders`, wanted);
      setText(byId("notice"), `Ordered: ${quantity} × ${name}`);
      return false;
    } catch ({ status, reason, message }) {
      const isUnknown = [0, 502, 503, 504].includes(status);
      if (!isUnknown || tries === orderTriesMax) {
        const text = isUnknown ? "It is not known whether the order has arrived: see below." : message;
        setText(byId("notice"), `${quantity} × ${name}: ${text}`);
        return reason === "SOLD_OUT";
      }
      await pause(tries * 1_000);
    }
  }
}

function connect() {
  const address = addressOf(`ws/session/${guest.sessionId}`);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  if (cursor !== "") {
    address.searchParams.set("cursor", cursor);
  }
  const socket = new WebSocket(address, ["ordermesh.session.v1", `bearer.${guest.token}`]);
  socket.addEventListener("open", () => {
    failures = 0;
    setText(byId("connection"), "");
    if (!hasMenu) {
      showMenu();
    }
  });
  socket.addEventListener("message", ({ data }) => apply(JSON.parse(data)));
  socket.addEventListener("close", (event) => {
    const isEnd = [1000, 4401, 4403, 4404].includes(event.code);
    isEnd ? end(event.code === 1000) : reconnect();
  });
}

async function reconnect() {
  setText(byId("connection"), "Reconnecting…");
  // Not all phones at once.
  await pause(Math.min(reconnectDelayMaxMs, 1_000 * 2 ** failures) * (0.5 + Math.random() / 2));
  failures += 1;
  try {
    // A page is not told why a WebSocket was refused: this tells whether the token is still good.
    await call("GET", `sessions/${guest.sessionId}`);
    // If it is and there was more than one refusal, the cursor may be what is wrong.
    cursor = failures > 2 ? "" : cursor;
  } catch ({ status }) {
    if ([401, 403, 404].includes(status)) {
      end(false);
      return;
    }
  }
  connect();
}

/** Takes in a message of WatchSession: the whole session, a change, or neither. */
function apply({ cursor: next, session, change }) {
  cursor = next;
  const news = session ?? change;
  if (news === undefined) {
    return;
  }
  for (const { guestId, isTable, nickname } of session?.guests ?? [change.guest].filter(Boolean)) {
    nicknames.set(guestId, isTable ? "The table" : nickname);
  }
  for (const one of session?.orders ?? [change.order].filter(Boolean)) {
    showOrder(one);
  }
  setText(byId("total"), news.total ? `Total ${priceOf(news.total)}` : "Nothing to pay.");
  const now = session ?? change.session;
  if (now !== undefined) {
    setText(byId("title"), now.name);
    byId("menu-section").hidden = now.state !== "SESSION_STATE_OPEN";
    setText(byId("connection"), now.state === "SESSION_STATE_CLOSING" ? explanations.SESSION_CLOSING : "");
  }
}

function showOrder({ orderId, guestId, lines, note, status, reason, total }) {
  const texts = [
    `${nicknames.get(guestId) ?? "Somebody"}${guestId === guest.guestId ? " (you)" : ""}`,
    lines.map((line) => `${line.quantity} × ${line.name}${line.note && ` (${line.note})`}`).join(", "),
    [priceOf(total), statuses[status] ?? "unknown", reason, note].filter(Boolean).join(" · "),
  ];
  let place = orderPlaces.get(orderId);
  if (place === undefined) {
    place = make("li", "", ...["name", "", "quiet"].map((className) => make("p", className)));
    orderPlaces.set(orderId, place);
    byId("orders").append(place);
  }
  for (const [index, text] of texts.entries()) {
    setText(place.children[index], text);
  }
}

function end(isClosed) {
  sessionStorage.removeItem(storageKey);
  byId("menu-section").hidden = true;
  setText(byId("connection"), "");
  const gone = "The table is closed, or you are not at it any more. If you still are, scan its code again.";
  setText(byId("notice"), isClosed ? "The table is closed. Thank you for your visit!" : gone);
}

byId("join").addEventListener("submit", join);
// Another link with the same code, scanned into the same tab, would not load the page anew.
addEventListener("hashchange", () => location.reload());
byId("join").hidden = guest !== null;
if (guest !== null) {
  enter();
}
