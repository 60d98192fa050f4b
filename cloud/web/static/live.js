// Messages as they come. Every value from outside enters the page by textContent or as an
// attribute's value, never as markup.

const PAGE = 50;
const ROWS_AT_MOST = 300;
const FRESH_MS = 2200;
const RELOAD_AT_MOST_EVERY_MS = 2000;

const TYPES = {
  empty: "Empty", bit_false: "Bit 0", bit_true: "Bit 1", bytes: "Bytes",
  keep_alive: "Keep-alive", downlink_confirmation: "Downlink confirmed", control: "Control",
};

const byId = (id) => document.getElementById(id);
const rows = byId("rows");
const state = { device: "", paused: false, held: new Map(), next: null, revision: null, reloadedAt: 0 };

function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children.filter((child) => child !== null));
  return made;
}

function cell(className, ...children) {
  return element("td", className, ...children);
}

function heardCell(message) {
  const at = new Date(message.heard_utc);
  const time = element("time", "", at.toLocaleTimeString([], { hour12: false }));
  time.dateTime = message.heard_utc;
  const today = at.toDateString() === new Date().toDateString();
  return cell("heard", time, element("small", "", today ? "today" : at.toLocaleDateString()));
}

function deviceCell(message) {
  const button = element("button", "device", message.device_id);
  button.type = "button";
  button.title = "Show only this device";
  button.addEventListener("click", () => show(message.device_id));
  return cell("device-cell", button, element("small", "", `Seq. ${message.seq_number}`));
}

function payloadCell(message) {
  if (!message.payload) return cell("payload", element("span", "nothing", "no payload"));
  const hex = element("code", "", message.payload.replace(/(..)(?=.)/g, "$1 "));
  return cell("payload", hex, message.payload_text === null ? null : element("q", "", message.payload_text));
}

function typeCell(message) {
  const made = cell("type", element("span", "tag", TYPES[message.message_type] ?? message.message_type));
  if (message.simulated) made.append(" ", element("span", "tag simulated", "simulated"));
  if (message.late) {
    const tag = element("span", "tag late", "late");
    tag.title = "Decoded from kept samples, long after it was heard";
    made.append(" ", tag);
  }
  if (message.bidirectional) made.append(element("small", "", "asks for an answer"));
  return made;
}

function signalCell(message) {
  const level = element("span", "level", ...Array.from({ length: 4 }, () => element("i", "")));
  level.ariaHidden = "true";
  level.dataset.level = message.snr_db >= 20 ? 4 : message.snr_db >= 12 ? 3 : message.snr_db >= 7 ? 2 : 1;
  const rssi = message.rssi_dbm === null ? "RSSI not calibrated" : `${message.rssi_dbm.toFixed(0)} dBm`;
  return cell("signal", level, `${message.snr_db.toFixed(1)} dB`, element("small", "", rssi));
}

function stationsCell(message) {
  const names = message.receptions.map((one) => one.station);
  const shown = element("small", "");
  for (const name of names.slice(0, 3)) shown.append(shown.hasChildNodes() ? ", " : "", element("b", "", name));
  if (names.length > 3) shown.append(" …");
  return cell("stations", names.length === 1 ? "1 station" : `${names.length} stations`, shown);
}

function replicasCell(message) {
  const dots = element("span", "replicas", "●".repeat(message.replicas), element("s", "", "●".repeat(Math.max(0, 3 - message.replicas))));
  dots.ariaHidden = "true";
  const frames = `${message.replicas} ${message.replicas === 1 ? "frame" : "frames"}`;
  return cell("copies", dots, element("small", "", frames));
}

function radioCell(message) {
  const mhz = (message.frequency_hz / 1e6).toFixed(4);
  return cell("radio", `${mhz} MHz`, element("small", "", `${message.zone === null ? "" : `${message.zone}, `}${message.bit_rate} bit/s`));
}

function row(message) {
  const made = element(
    "tr", "", heardCell(message), deviceCell(message), payloadCell(message), typeCell(message),
    signalCell(message), stationsCell(message), replicasCell(message), radioCell(message),
  );
  made.dataset.id = message.id;
  made.dataset.order = order(message);
  return made;
}

// The same order as the list's: time on the air, then id.
function order(message) {
  return `${message.heard_utc}#${String(message.id).padStart(18, "0")}`;
}

function place(message, fresh) {
  const known = rows.querySelector(`tr[data-id="${Number(message.id)}"]`);
  const made = row(message);
  if (known) {
    const focused = known.contains(document.activeElement);
    known.replaceWith(made);
    if (focused) made.querySelector("button.device").focus();
    return false;
  }
  const later = Array.from(rows.children).find((other) => other.dataset.order < made.dataset.order);
  if (!later && state.next !== null) return false; // older than what is shown
  rows.insertBefore(made, later ?? null);
  if (fresh) {
    made.classList.add("fresh");
    setTimeout(() => made.classList.remove("fresh"), FRESH_MS);
  }
  return true;
}

function trim() {
  if (rows.children.length <= ROWS_AT_MOST) return;
  while (rows.children.length > ROWS_AT_MOST) rows.lastElementChild.remove();
  const [heard, id] = rows.lastElementChild.dataset.order.split("#");
  state.next = `${Date.parse(heard)}-${Number(id)}`;
  byId("older").hidden = false;
}

// Messages come faster than people read: one look at the screen per frame.
let waiting = [];
function arrive(message) {
  state.revision = Math.max(state.revision ?? 0, message.revision);
  if (state.device && message.device_id !== state.device) return;
  if (state.paused) {
    state.held.set(message.id, message);
    byId("pause-text").textContent = `Resume (${state.held.size})`;
    return;
  }
  waiting.push(message);
  if (waiting.length === 1) setTimeout(draw, 60);
}

function draw() {
  const now = waiting;
  waiting = [];
  const added = now.filter((message) => place(message, true));
  trim();
  showEmpty();
  if (added.length) tell(added);
}

// A screen reader is told at most every ten seconds, in one sentence.
let toldAt = 0;
let untold = 0;
function tell(added) {
  untold += added.length;
  if (Date.now() - toldAt < 10_000) return;
  toldAt = Date.now();
  const last = added[added.length - 1];
  byId("news").textContent = `${untold} new ${untold === 1 ? "message" : "messages"}, the last from device ${last.device_id}`;
  untold = 0;
}

function showEmpty() {
  const empty = byId("empty");
  empty.hidden = rows.children.length > 0;
  empty.textContent = state.device ? `No message of device ${state.device} yet.` : "No message yet. It will appear here by itself.";
}

async function list(cursor) {
  const query = new URLSearchParams({ limit: PAGE });
  if (state.device) query.set("device", state.device);
  if (cursor) query.set("cursor", cursor);
  const answer = await fetch(`/api/messages?${query}`, { headers: { accept: "application/json" } });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.json();
}

async function reload() {
  const device = state.device;
  const page = await list(null);
  if (device !== state.device) return; // another filter was chosen meanwhile
  rows.replaceChildren(...page.messages.map(row));
  state.next = page.next;
  state.revision = Math.max(state.revision ?? 0, ...page.messages.map((message) => message.revision));
  byId("older").hidden = page.next === null;
  showEmpty();
}

async function older() {
  const page = await list(state.next);
  rows.append(...page.messages.map(row));
  state.next = page.next;
  byId("older").hidden = page.next === null;
}

function show(device) {
  state.device = device;
  state.held.clear();
  byId("device").value = device;
  history.replaceState(null, "", device ? `?device=${device}` : location.pathname);
  reload().catch(lost);
}

function summarize(summary) {
  const counts = summary.per_minute;
  // The last 60 s: the minute that runs, and as much of the one before as is missing.
  const begun = (Date.now() % 60_000) / 60_000;
  const rate = counts[counts.length - 1] + counts[counts.length - 2] * (1 - begun);
  byId("rate").textContent = Math.round(rate).toLocaleString();
  byId("online").textContent = summary.stations_online.toLocaleString();
  byId("stations").textContent = `of ${summary.stations.toLocaleString()}`;
  byId("stored").textContent = summary.messages.toLocaleString();
  drawBars(counts);
}

function drawBars(counts) {
  const most = Math.max(1, ...counts);
  const bars = counts.map((count, at) => {
    const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const height = count ? Math.max(3, (52 * count) / most) : 2;
    const box = { x: at * 8, y: 56 - height, width: 6, height, rx: 1.5 };
    for (const [name, value] of Object.entries(box)) bar.setAttribute(name, value);
    if (!count) bar.classList.add("none");
    return bar;
  });
  byId("bars").replaceChildren(...bars);
  byId("bars").setAttribute("aria-label", `New messages in each of the last 30 minutes, at most ${most}`);
}

function linkState(name, text) {
  byId("link").dataset.state = name;
  if (byId("link-text").textContent !== text) byId("link-text").textContent = text;
}

function lost() {
  linkState("lost", "Connection lost, trying again");
}

function follow() {
  const stream = new EventSource(`/api/live?after=${state.revision ?? 0}`);
  stream.addEventListener("open", () => linkState("live", "Live"));
  stream.addEventListener("message", (event) => arrive(JSON.parse(event.data)));
  stream.addEventListener("summary", (event) => summarize(JSON.parse(event.data)));
  stream.addEventListener("gap", gap);
  stream.addEventListener("error", () => {
    lost();
    // After an error status the browser gives up; after a broken stream it comes again by itself.
    if (stream.readyState === EventSource.CLOSED) setTimeout(follow, 3000);
  });
}

let gapTimer = null;
function gap() {
  if (gapTimer !== null) return;
  const wait = Math.max(0, state.reloadedAt + RELOAD_AT_MOST_EVERY_MS - Date.now());
  gapTimer = setTimeout(() => {
    gapTimer = null;
    state.reloadedAt = Date.now();
    if (!state.paused) reload().catch(lost);
  }, wait);
}

function pause() {
  state.paused = !state.paused;
  byId("pause").setAttribute("aria-pressed", String(state.paused));
  byId("pause-text").textContent = state.paused ? "Resume" : "Pause";
  if (state.paused) return;
  for (const message of state.held.values()) arrive(message);
  state.held.clear();
}

byId("pause").addEventListener("click", pause);
byId("older").addEventListener("click", () => older().catch(lost));
byId("filter").addEventListener("submit", (event) => event.preventDefault());
byId("device").addEventListener("input", (event) => {
  const device = event.target.value.trim().toLowerCase();
  if (device === "" || /^[0-9a-f]{8}$/.test(device)) show(device);
});

const asked = new URLSearchParams(location.search).get("device") ?? "";
if (/^[0-9a-f]{8}$/.test(asked)) {
  state.device = asked;
  byId("device").value = asked;
}

async function begin() {
  try {
    await reload();
    summarize(await (await fetch("/api/summary")).json());
    follow();
  } catch {
    lost();
    setTimeout(begin, 3000);
  }
}
begin();
