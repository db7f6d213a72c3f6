"use strict";
// A session in a browser: pictures come in as the blocks that changed, keys and mouse go out.

const SIDE = 32;                           // pixels of a block
const NAMES = {
  " ": "space", ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right", Enter: "return",
};
const find = (id) => document.getElementById(id);
const canvas = document.querySelector("canvas"), paint = canvas.getContext("2d", { alpha: false });
const own = new Set();                     // keys that the session knows
let socket = null, drives = false, audience = "", tries = 0, wanted = "", moved = null, picture = 0;
let work = Promise.resolve();              // messages are dealt with one after another

// The token leaves the address bar at once, so that nobody reads it off a projector; a reload keeps it.
function token() {
  const given = location.hash.slice(1);
  if (given) {
    try { sessionStorage.setItem("goalshift", given); } catch { return given; }
    history.replaceState(null, "", location.pathname);
    return given;
  }
  try { return sessionStorage.getItem("goalshift") || ""; } catch { return ""; }
}

function tell(role, state = "") {
  find("role").textContent = role;
  find("state").textContent = state;
  document.documentElement.dataset.state = role;
}

function say(message) {
  if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function room() {
  const part = canvas.parentElement;
  return [Math.round(part.clientWidth * devicePixelRatio), Math.round(part.clientHeight * devicePixelRatio)];
}

function connect() {
  const secret = token();
  if (!secret) return tell("no link", "Open the whole address that goalshift printed, with what follows the #.");
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  socket = new WebSocket(`${scheme}://${location.host}/live`);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => say({ token: secret });
  socket.onmessage = (event) => { work = work.then(() => take(event.data)).catch((fault) => tell("a fault", String(fault))); };
  socket.onclose = (event) => {
    canvas.classList.add("lost");
    if (event.code === 1008) return tell("refused", event.reason || "This link is not valid.");
    const wait = Math.min(500 * 2 ** tries++, 8000);
    tell("the connection is lost", "trying again …");
    setTimeout(connect, wait);
  };
}

async function take(data) {
  if (typeof data !== "string") return draw(data);
  const said = JSON.parse(data);
  if (said.welcome !== undefined) {
    tries = 0;
    drives = said.drives;
    audience = said.audience || "";
    document.title = `goalshift: ${said.welcome}`;
    own.clear();
    for (const name of said.keys || []) own.add(name);
    canvas.classList.remove("lost");
    find("link").hidden = !drives;
    tell(drives ? "you drive" : "you watch", drives ? "H: all keys" : "");
    if (drives) say({ size: room() });
  } else if (said.size) [canvas.width, canvas.height] = said.size;
  else if (said.picture) picture = said.picture;
  else if (said.say !== undefined) find("words").textContent = said.say;
  else if (said.copy !== undefined) copy(said.copy);
  else if (said.full) full();
}

async function draw(data) {
  const head = new Uint16Array(data.slice(0, 4)), [count, across] = head;
  const places = new Uint16Array(data.slice(4, 4 + 2 * count)), columns = Math.ceil(canvas.width / SIDE);
  const blocks = await createImageBitmap(new Blob([data.slice(4 + 2 * count)], { type: "image/png" }));
  for (let k = 0; k < count; k++)
    paint.drawImage(
      blocks, (k % across) * SIDE, Math.floor(k / across) * SIDE, SIDE, SIDE,
      (places[k] % columns) * SIDE, Math.floor(places[k] / columns) * SIDE, SIDE, SIDE,
    );
  blocks.close();
  document.documentElement.dataset.picture = picture;
  say({ seen: picture });
}

async function copy(words) {
  try {
    await navigator.clipboard.writeText(words);
    find("state").textContent = "copied";
  } catch {
    find("state").textContent = words;
  }
}

function full() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen();
}

// -- keys: as in the window, while the picture has the focus; Shift+Tab leaves it

function named(event) { return NAMES[event.key] || event.key.toLowerCase(); }

canvas.addEventListener("keydown", (event) => {
  if (!drives || event.altKey || event.metaKey || (event.key === "Tab" && event.shiftKey)) return;
  const name = named(event);
  const known = own.has(event.ctrlKey ? `ctrl+${name}` : name) || (!event.ctrlKey && event.key.length === 1)
    || ["tab", "backspace", "delete", "escape", "return"].includes(name);
  if (!known || name === "f12" || name === "f5" || name === "f11") return;
  event.preventDefault();
  const text = event.key.length === 1 ? event.key : "";
  say({ key: name, text, ctrl: event.ctrlKey, shift: event.shiftKey });
});
canvas.addEventListener("keyup", (event) => { if (drives) say({ up: named(event) }); });
canvas.addEventListener("blur", () => { if (drives) say({ away: true }); });

// -- the mouse: y, x in pixels of the picture

function at(event) {
  const box = canvas.getBoundingClientRect();
  return [
    Math.floor((event.clientY - box.top) * canvas.height / box.height),
    Math.floor((event.clientX - box.left) * canvas.width / box.width),
  ];
}

canvas.addEventListener("pointerdown", (event) => {
  canvas.focus();
  if (!drives) return;
  canvas.setPointerCapture(event.pointerId);
  event.preventDefault();
  flush();
  say({ press: at(event), button: event.button + 1, ctrl: event.ctrlKey, shift: event.shiftKey });
});
canvas.addEventListener("pointermove", (event) => {
  if (drives && moved === null) requestAnimationFrame(flush);
  moved = at(event);
});
function flush() {                         // at most one move for each picture of the screen
  if (drives && moved !== null) say({ move: moved });
  moved = null;
}
canvas.addEventListener("pointerup", (event) => {
  if (!drives) return;
  flush();
  say({ drop: at(event) });
});
canvas.addEventListener("contextmenu", (event) => event.preventDefault());
canvas.addEventListener("wheel", (event) => {
  if (!drives) return;
  event.preventDefault();
  say({ wheel: event.deltaY < 0 ? 1 : -1 });
}, { passive: false });

// -- what the browser does by itself

find("full").addEventListener("click", () => { full(); canvas.focus(); });
find("link").addEventListener("click", () => {
  copy(`${location.origin}/#${audience}`);
  canvas.focus();
});
find("picture").addEventListener("click", () => canvas.toBlob((data) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(data);
  link.download = "goalshift.png";
  link.click();
  URL.revokeObjectURL(link.href);
  canvas.focus();
}));
new ResizeObserver(() => {
  const size = room().join();
  if (!drives || size === wanted) return;
  wanted = size;
  say({ size: room() });
}).observe(canvas.parentElement);

addEventListener("hashchange", () => { if (location.hash) location.reload(); });  // another link in this tab
canvas.focus();
connect();
