"use strict";
// The canvas player of recorded episodes. It draws what the top camera draws, with the same whole-number
// arithmetic from the same stamps, so a picture here is the picture of the film, pixel for pixel.

const INTENDED = "star";
const even = (v) => {                      // rounds halves to even, as Python does
  const low = Math.floor(v), rest = v - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 !== 0) ? low + 1 : low;
};
const clamp = (v, low, high) => Math.min(Math.max(v, low), high);
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");  // then nothing slides
const mod = (a, n) => ((a % n) + n) % n;

async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const opened = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(opened).arrayBuffer());
}

// Stamps: colours times alpha, and in the fourth byte what shines through; planes hold differences of rows.
async function readStamps(data) {
  const planes = await unpack(data.planes);
  let at = 0;
  return data.shapes.map(([h, w, opaque]) => {
    const rgba = new Uint8Array(h * w * 4);
    for (let c = 0; c < (opaque ? 3 : 4); c++)
      for (let y = 0; y < h; y++)
        for (let x = 0; x < w; x++) {
          const i = (y * w + x) * 4 + c;
          rgba[i] = planes[at++] + (y ? rgba[i - w * 4] : 0);
        }
    if (opaque) for (let i = 3; i < rgba.length; i += 4) rgba[i] = 255;
    return { h, w, opaque, rgba };
  });
}

function blend(frame, stamp, y, x) {
  const r0 = Math.max(0, -y), r1 = Math.min(stamp.h, frame.h - y);
  const c0 = Math.max(0, -x), c1 = Math.min(stamp.w, frame.w - x);
  if (r0 >= r1 || c0 >= c1) return;
  const from = stamp.rgba, to = frame.rgba;
  for (let r = r0; r < r1; r++) {
    let s = (r * stamp.w + c0) * 4, d = ((y + r) * frame.w + x + c0) * 4;
    if (stamp.opaque) {
      to.set(from.subarray(s, s + (c1 - c0) * 4), d);
      continue;
    }
    for (let c = c0; c < c1; c++, s += 4, d += 4) {
      const through = from[s + 3];
      if (through === 255) continue;
      for (let k = 0; k < 3; k++) {
        let v = to[d + k] * through + 128;
        v = (v + (v >> 8)) >> 8;
        to[d + k] = v + from[s + k];
      }
    }
  }
}

// One take: its data by step, and its pictures.
class Take {
  constructor(data, stamps, panes) {
    Object.assign(this, data);
    this.stamps = stamps;
    this.panes = panes;
    this.frame = { h: data.size[0], w: data.size[1], rgba: null };
    this.image = new ImageData(data.size[1], data.size[0]);
    this.frame.rgba = new Uint8Array(this.image.data.buffer);
    this.frame.words = new Uint32Array(this.image.data.buffer);
    this.at = -1;
  }

  async open() {
    const bytes = await unpack(this.track);
    const words = new Uint16Array(bytes.buffer, 0, bytes.length >> 1);
    const [h, w] = this.board, cells = h * w, T = this.last;
    this.keys = words.slice(0, cells);
    this.first = this.keys.slice();
    const counts = words.subarray(cells, cells + T);
    let total = 0;
    this.begin = new Uint32Array(T + 1);
    for (let k = 0; k < T; k++) this.begin[k + 1] = total += counts[k];
    let at = cells + T;
    this.where = words.subarray(at, (at += total));
    this.what = words.subarray(at, (at += total));
    const n = (T + 1) * this.things * 4, moved = new Int16Array(words.slice(at, at + n).buffer);
    for (let i = this.things * 4; i < n; i++) moved[i] += moved[i - this.things * 4];
    this.moved = moved;
    this.at = 0;
    const reach = 4, path = [];
    for (let k = 0; k <= T; k++) path.push([this.thing(k, 0)[0], this.thing(k, 0)[1]]);
    this.centre = path.map((_, k) => {
      const sum = [0, 0];
      for (let j = k - reach; j <= k + reach; j++)
        for (let c = 0; c < 2; c++) sum[c] += path[clamp(j, 0, T)][c];
      return [sum[0] / (2 * reach + 1), sum[1] / (2 * reach + 1)];
    });
  }

  thing(k, n) {                            // y, x, stamp, alive
    const i = (k * this.things + n) * 4;
    return this.moved.subarray(i, i + 4);
  }

  tiles(k) {                               // the cells of step k
    if (k < this.at) {
      this.keys.set(this.first);
      this.at = 0;
    }
    for (let i = this.begin[this.at]; i < this.begin[k]; i++) this.keys[this.where[i]] = this.what[i];
    this.at = k;
    return this.keys;
  }

  marksAt(k) {
    let found = [];
    for (const [step, marks] of this.marks) if (step <= k) found = marks;
    return found;
  }

  signsAt(k) {
    let found = [[], []];
    for (const [step, under, over] of this.signs) if (step <= k) found = [under, over];
    return found;
  }

  scoreAt(goal, k) {
    let value = 0;
    for (const [step, score] of this.scores[goal]) if (step <= k) value = score;
    return value;
  }

  spots(before, k, fraction) {
    const found = [];
    for (let n = 0; n < this.things; n++) {
      const a = this.thing(before, n), b = this.thing(k, n);
      const slides = Math.abs(b[0] - a[0]) <= 3 && Math.abs(b[1] - a[1]) <= 3 && a[3] && b[3];
      found.push(slides ? [a[0] + (b[0] - a[0]) * fraction, a[1] + (b[1] - a[1]) * fraction]
        : fraction >= 0.5 ? [b[0], b[1]] : [a[0], a[1]]);
    }
    return found;
  }

  // The picture on the way from step k - 1 to step k, as film._Stage._view.
  draw(k, fraction, show) {
    const { frame, p, stamps } = this, [h, w] = this.board;
    if (k > this.last) { k = this.last; fraction = 1; }
    const before = fraction < 1 ? Math.max(k - 1, 0) : k, step = Math.max(k - 1, 0);
    const shown = fraction >= 0.5 ? k : before, walked = fraction >= 1 ? k : step;
    const kept = (at, cells, pixels) => {
      const half = pixels / (2 * p);
      return cells <= 2 * half ? cells / 2 : clamp(at + 0.5, half, cells - half);
    };
    const [cy, cx] = [0, 1].map((c) => this.centre[step][c] + (this.centre[k][c] - this.centre[step][c]) * fraction);
    const top = even(kept(cy, h, frame.h) * p - frame.h / 2), left = even(kept(cx, w, frame.w) * p - frame.w / 2);

    this.ground(top, left);
    const y0 = Math.max(0, Math.floor(top / p)), y1 = Math.min(h, Math.ceil((top + frame.h) / p));
    const x0 = Math.max(0, Math.floor(left / p)), x1 = Math.min(w, Math.ceil((left + frame.w) / p));
    const keys = this.tiles(shown), objects = [];
    for (let y = y0; y < y1; y++)
      for (let x = x0; x < x1; x++) {
        const [below, above] = this.cells[keys[y * w + x]];
        if (below >= 0) blend(frame, stamps[below], y * p - top, x * p - left);
        if (above >= 0) objects.push([above, y * p - top, x * p - left]);
      }
    const [under, over] = show.marks ? this.signsAt(shown) : [[], []];
    for (const [stamp, y, x] of under) blend(frame, stamps[stamp], y * p - top, x * p - left);
    const begin = Math.max(0, walked - this.trail);
    const other = this.ghost === null ? null : this.panes[this.ghost];
    const apart = other && show.ghost && shown > this.fork;
    if (show.trails) {
      if (apart) this.dots(other, 0, Math.max(this.fork, begin), walked, this.faint, top, left);
      for (let n = 0; n < this.learners; n++) this.dots(this, n, begin, walked, this.dot[n], top, left);
    }
    const marks = show.marks ? this.marksAt(shown) : [];
    for (const [shape, tinted] of marks)
      for (const [y, x] of tinted) blend(frame, stamps[this.tint[shape]], y * p - top, x * p - left);
    for (const [stamp, y, x] of objects) blend(frame, stamps[stamp], y, x);
    if (apart && shown <= other.last)
      for (let n = 0; n < this.learners; n++) {
        const [y, x, stamp, alive] = other.thing(shown, n);
        if (alive) blend(frame, stamps[this.pale[stamp]], y * p - top, x * p - left);
      }
    const spots = this.spots(before, k, fraction);
    for (let n = this.things - 1; n >= 0; n--)
      if (this.thing(shown, n)[3])
        blend(frame, stamps[this.thing(k, n)[2]], even(spots[n][0] * p) - top, even(spots[n][1] * p) - left);
    for (const [stamp, y, x] of over) blend(frame, stamps[stamp], y * p - top, x * p - left);
    for (const [shape, , cells] of marks) this.badge(shape, cells, top, left);
    return this.image;
  }

  ground(top, left) {
    const { frame, p } = this, to = frame.rgba, [h, w] = this.board;
    to.set([...this.backdrop, 255]);
    frame.words.fill(frame.words[0]);
    if (this.scenery === null) return;
    const far = this.stamps[this.scenery], begin = mod(Math.floor(left / 4), far.w);
    const x0 = Math.max(0, -left), x1 = Math.min(frame.w, w * p - left);
    for (let y = Math.max(0, -top); y < Math.min(frame.h, h * p - top); y++)
      for (let x = x0; x < x1; x++) {
        const s = (y * far.w + (begin + x) % far.w) * 4, d = (y * frame.w + x) * 4;
        to[d] = far.rgba[s]; to[d + 1] = far.rgba[s + 1]; to[d + 2] = far.rgba[s + 2];
      }
  }

  dots(take, n, from, to, stamp, top, left) {
    const { p, frame } = this, dot = this.stamps[stamp], seen = new Set();
    const lay = (y, x) => {
      const sy = even((y + 0.5) * p - dot.h / 2) - top, sx = even((x + 0.5) * p - dot.h / 2) - left;
      if (sy <= -dot.h || sx <= -dot.h || sy >= frame.h || sx >= frame.w) return;
      const name = sy * 65536 + sx;
      if (!seen.has(name)) { seen.add(name); blend(frame, dot, sy, sx); }
    };
    to = Math.min(to, take.last);
    if (from > take.last) return;
    let [y, x] = take.thing(from, n);
    lay(y, x);
    for (let k = from + 1; k <= to; k++) {
      const [ny, nx] = take.thing(k, n);
      if (Math.max(Math.abs(ny - y), Math.abs(nx - x)) <= 3) { lay((ny + y) / 2, (nx + x) / 2); lay(ny, nx); }
      [y, x] = [ny, nx];
    }
  }

  badge(shape, cells, top, left) {
    const { p } = this, art = this.stamps[this.badges[shape]], n = art.h, quarter = Math.floor(n / 4);
    const shift = shape === INTENDED ? p - n + quarter : -quarter;
    for (const [y, x] of cells) blend(this.frame, art, y * p - top - quarter, x * p - left + shift);
  }
}

// One player: its panes, and the controls that they share.
class Player {
  constructor(root, data, stamps) {
    this.root = root;
    this.data = data;
    this.takes = [];
    for (const pane of data.panes) this.takes.push(new Take(pane, stamps, this.takes));
    this.last = Math.max(...data.panes.map((pane) => pane.last));
    this.position = 0;
    this.playing = false;
    this.speed = 1;
    this.show = { marks: true, trails: true, ghost: true };
    this.camera = "top";
    this.resting = 0;
  }

  find(name) { return this.root.querySelector(`[data-part="${name}"]`); }

  async open() {
    for (const take of this.takes) await take.open();
    this.canvases = [...this.root.querySelectorAll("canvas")];
    this.stills = [];
    for (const take of this.takes) {
      const cameras = {};
      for (const [name, { every, pictures }] of Object.entries(take.cameras))
        cameras[name] = {
          every, pictures: pictures.map((source) => {
            const image = new Image();
            image.src = source;
            return image;
          }),
        };
      this.stills.push(cameras);
    }
    const scrub = this.find("scrub");
    scrub.max = this.last;
    scrub.addEventListener("input", () => { this.pause(); this.seek(Number(scrub.value)); });
    this.find("play").addEventListener("click", () => this.toggle());
    this.find("back").addEventListener("click", () => this.step(-1));
    this.find("next").addEventListener("click", () => this.step(1));
    this.find("speed").addEventListener("change", (e) => { this.speed = Number(e.target.value); });
    for (const name of ["marks", "trails", "ghost"]) {
      const box = this.find(name);
      if (box) box.addEventListener("change", () => { this.show[name] = box.checked; this.paint(); });
    }
    const camera = this.find("camera");
    if (camera) camera.addEventListener("change", () => { this.camera = camera.value; this.paint(); });
    if (this.find("fork")) {
      this.find("diamond").style.left = `${100 * this.data.fork / Math.max(this.last, 1)}%`;
    }
    this.takes.forEach((take, k) => {
      const end = this.root.querySelectorAll(".end")[k];
      end.style.left = `${100 * take.last / Math.max(this.last, 1)}%`;
      end.hidden = take.last === this.last;
    });
    this.root.addEventListener("keydown", (e) => this.key(e));
    for (const button of this.root.querySelectorAll("[data-step]"))
      button.addEventListener("click", () => this.go(Number(button.dataset.step)));
    this.seek(0);
    this.root.dataset.ready = "yes";
  }

  key(e) {
    if (e.ctrlKey || e.altKey || e.metaKey || e.target.tagName === "SELECT") return;
    const own = e.target.type === "range";          // a focused slider moves by itself
    const keys = {
      " ": () => e.target.tagName === "BUTTON" || e.target.type === "checkbox" ? false : this.toggle(),
      ArrowLeft: () => own ? false : this.step(-1), ArrowRight: () => own ? false : this.step(1),
      Home: () => { this.pause(); this.seek(0); }, End: () => { this.pause(); this.seek(this.last); },
      d: () => this.data.fork === null ? false : this.go(this.data.fork),
      g: () => this.find("marks").click(),
    };
    const chapter = this.root.querySelectorAll("[data-step]")[Number(e.key) - 1];
    if (chapter) keys[e.key] = () => chapter.click();
    if (keys[e.key] && keys[e.key]() !== false) e.preventDefault();
  }

  go(step) { this.pause(); this.seek(step); }

  pause() { this.playing = false; this.label(); }

  toggle() {
    this.playing = !this.playing;
    if (this.playing) {
      if (this.position >= this.last) this.seek(0);
      this.then = null;
      requestAnimationFrame((now) => this.tick(now));
    }
    this.label();
  }

  label() {
    const play = this.find("play");
    play.textContent = this.playing ? "❚❚" : "▶";
    play.setAttribute("aria-label", this.playing ? "pause" : "play");
    this.tell();
  }

  step(by) {
    this.pause();
    this.seek(clamp(by > 0 ? Math.floor(this.position) + 1 : Math.ceil(this.position) - 1, 0, this.last));
  }

  tick(now) {
    if (!this.playing) return;
    const passed = this.then === null ? 0 : Math.min((now - this.then) / 1000, 0.1);
    this.then = now;
    const fork = this.data.fork;
    if (this.resting > 0) this.resting -= passed * Math.max(this.speed, 1);
    else {
      const near = fork !== null && this.position >= fork - 3 && this.position <= fork + 4 && this.speed <= 1;
      let to = this.position + passed * this.data.rate * this.speed * (near ? 0.5 : 1);
      if (fork !== null && this.position < fork && to >= fork && this.speed <= 1) {
        to = fork;
        this.resting = 0.7;
      }
      this.seek(Math.min(to, this.last));
    }
    if (this.position >= this.last) this.pause();
    else requestAnimationFrame((later) => this.tick(later));
  }

  seek(position) {
    this.position = position;
    this.paint();
    this.tell();
  }

  // What a screen reader says of a picture that stands still: where everybody is, and the scores.
  tell() {
    const told = this.find("told");
    if (this.playing) { told.textContent = ""; return; }
    const shown = Math.round(this.position);
    const parts = this.takes.map((take, n) => {
      const [y, x] = take.thing(Math.min(shown, take.last), 0), pane = this.root.querySelectorAll(".pane")[n];
      const scores = [...pane.querySelectorAll(".score")].map((row) =>
        `${row.querySelector("th").textContent}: ${row.querySelector(".figure").textContent}`);
      return `${pane.querySelector(".role").textContent}: at row ${y}, column ${x}; ${scores.join(", ")}`;
    });
    told.textContent = `Step ${shown} of ${this.last}. ${parts.join(". ")}. ${this.find("caption").textContent}`;
  }

  paint() {
    const at = calm.matches ? Math.floor(this.position) : this.position;
    const k = Math.ceil(at), fraction = k === 0 ? 1 : at - (k - 1);
    this.picture(k, fraction);
    const shown = fraction >= 0.5 ? k : Math.max(k - 1, 0);
    this.find("scrub").value = shown;
    this.find("scrub").setAttribute("aria-valuetext", `step ${shown} of ${this.last}`);
    this.find("step").textContent = `step ${shown} / ${this.last}`;
    const words = [];
    this.takes.forEach((take, n) => {
      const rows = this.root.querySelectorAll(".pane")[n].querySelectorAll(".score");
      rows.forEach((row, g) => {
        const score = take.scoreAt(g, Math.min(shown, take.last)), full = this.data.full[g];
        row.querySelector(".figure").textContent = String(Math.round(score * 100) / 100);
        const bar = row.querySelector(".filled");
        bar.style.width = `${100 * (full > 0 ? Math.min(Math.abs(score) / full, 1) : Number(score !== 0))}%`;
        bar.classList.toggle("below", score < 0);
      });
      const pane = this.root.querySelectorAll(".pane")[n];
      pane.classList.toggle("over", shown >= take.last);
      const said = take.captions.filter(([step]) => step <= shown);
      if (said.length) words.push([said[said.length - 1], n]);
      this.root.querySelectorAll(".lane .filled")[n].style.width =
        `${100 * Math.min(this.position, take.last) / Math.max(this.last, 1)}%`;
    });
    const line = this.find("caption");
    line.replaceChildren();
    if (this.data.fork !== null && shown === this.data.fork) {
      line.append(this.data.here);
      return;
    }
    words.sort((a, b) => a[0][0] - b[0][0] || a[1] - b[1]);
    for (const [[, text], n] of words) {
      const part = document.createElement("span");
      part.className = `said ${this.root.querySelectorAll(".lane")[n].classList[1]}`;
      part.textContent = text;
      line.append(part);
    }
  }

  // Every pane on the way from step k - 1 to step k.
  picture(k, fraction) {
    this.takes.forEach((take, n) => {
      const canvas = this.canvases[n], pen = canvas.getContext("2d", { willReadFrequently: true });
      const stills = this.stills[n][this.camera];
      if (!stills) {
        pen.putImageData(take.draw(k, fraction, this.show), 0, 0);
        return;
      }
      const shown = Math.min(fraction >= 0.5 ? k : Math.max(k - 1, 0), take.last);
      const image = stills.pictures[Math.min(Math.round(shown / stills.every), stills.pictures.length - 1)];
      const put = () => pen.drawImage(image, 0, 0, canvas.width, canvas.height);
      if (image.complete) put();
      else image.onload = () => this.paint();
    });
  }
}

window.goalshift = { players: [] };
(async () => {
  const read = (node) => JSON.parse(node.textContent);
  const stamps = await readStamps(read(document.getElementById("stamps")));
  for (const root of document.querySelectorAll(".player")) {
    const player = new Player(root, read(root.querySelector("script")), stamps);
    await player.open();
    window.goalshift.players.push(player);
  }
  const { players } = window.goalshift;          // keys work without a click, for the player in view
  const away = (player) => {
    const { top, bottom } = player.root.getBoundingClientRect();
    return Math.abs((top + bottom - window.innerHeight) / 2);
  };
  document.addEventListener("keydown", (e) => {
    if (e.target !== document.body && e.target !== document.documentElement) return;
    if (players.length) players.reduce((a, b) => (away(b) < away(a) ? b : a)).key(e);
  });
  document.documentElement.dataset.ready = "yes";
})().catch((fault) => {
  for (const line of document.querySelectorAll('[data-part="caption"]'))
    line.textContent = `This browser cannot show the film: ${fault.message}`;
});
