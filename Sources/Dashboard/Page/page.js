"use strict";
// Frames come as server-sent events, 15 a second. The newest one is drawn with the screen's own beat; a browser that is
// slower than that skips frames, and the session never notices.

const $ = (id) => document.getElementById(id);
const colours = {
  none: "#999999", person: "#009e73", policy: "#0072b2", blend: "#f0e442", playback: "#56b4e9", parking: "#cc79a7",
  hold: "#e69f00", stop: "#b0300b",
};
const meanings = {
  none: "nobody", person: "person", policy: "policy", blend: "handing over", playback: "slow move", parking: "parking",
  hold: "hold", stop: "protective stop",
};
const owners = {
  none: "nobody drives", person: "the person drives", policy: "the policy drives", blend: "handing over",
  playback: "moving slowly to a pose", parking: "moving slowly to rest", hold: "held",
};

let about = null;
let edges = [];
let moments = [];
let perSecond = 10;
let frame = null;
let frameAt = 0;
let momentAt = 0;

// MARK: What comes in

const events = new EventSource("events");
events.addEventListener("greeting", (event) => {
  const greeting = JSON.parse(event.data);
  about = greeting.about;
  edges = greeting.edges_us;
  moments = greeting.minute;
  perSecond = greeting.momentsASecond;
  momentAt = performance.now();
  layOut();
});
events.onmessage = (event) => {
  frame = JSON.parse(event.data);
  frameAt = performance.now();
  // The ribbon goes on at its own pace, however fast frames come.
  while (frameAt - momentAt >= 1000 / perSecond) {
    moments.push({ source: frame.source, state: frame.state, doubt: frame.doubt });
    momentAt += 1000 / perSecond;
  }
  moments = moments.slice(-60 * perSecond);
};

// MARK: What goes out

async function say(word) {
  $("answer").textContent = word + " …";
  try {
    const reply = await fetch("say", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ word }),
    });
    $("answer").textContent = word + ": " + (await reply.text()).trim();
  } catch {
    $("answer").textContent = word + ": the session cannot be reached";
  }
}
for (const button of document.querySelectorAll("button[data-word]")) {
  button.addEventListener("click", () => say(button.dataset.word));
}
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  // While shift holds to run, h must still hold.
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const button = document.querySelector(`button[data-key="${CSS.escape(key)}"]`);
  if (button) { event.preventDefault(); say(button.dataset.word); }
});

// Hold-to-run: while the button (or shift) is down, "run" is said again and again, each once the one before has been
// heard. Whatever takes the page's attention lets go; so do a closed window and a lost network, by their silence.
let isDown = false;
async function run() {
  while (isDown) {
    try {
      const reply = await fetch("say", {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ word: "run" }),
      });
      if (!reply.ok) throw new Error();
    } catch {
      press(false);
      $("answer").textContent = "run: the session cannot be reached";
    }
    await new Promise((next) => setTimeout(next, Math.min(60, about.holdToRun_ms / 4)));
  }
}
function press(down) {
  const begins = down && !isDown && about?.holdToRun_ms;
  isDown = down && (isDown || Boolean(begins));
  $("run").setAttribute("aria-pressed", String(isDown));
  if (begins) run();
}
$("run").addEventListener("pointerdown", (event) => { event.preventDefault(); press(true); });
for (const name of ["pointerup", "pointercancel", "pointerleave"]) {
  $("run").addEventListener(name, () => press(false));
}
document.addEventListener("keydown", (event) => { if (event.key === "Shift" && !event.repeat) press(true); });
document.addEventListener("keyup", (event) => { if (event.key === "Shift") press(false); });
window.addEventListener("blur", () => press(false));
document.addEventListener("visibilitychange", () => { if (document.hidden) press(false); });

// MARK: Drawing

function layOut() {
  $("facts").textContent =
    `${about.rig}: ${about.activity}, ${about.loop_Hz} Hz, a decision ${about.decision_Hz} times a second.`;
  $("run").hidden = !about.holdToRun_ms;
  document.title = `Understudy · ${about.rig}`;
  $("joints").tBodies[0].replaceChildren(...about.joints.map((name) => {
    const row = document.createElement("tr");
    for (const text of [name, "–", "–"]) row.insertCell().textContent = text;
    const range = document.createElement("div");
    range.className = "range";
    const command = document.createElement("i"), measured = document.createElement("i");
    measured.className = "measured";
    range.append(command, measured);
    row.insertCell().append(range);
    row.insertCell();
    return row;
  }));
  $("legend").replaceChildren(...Object.keys(meanings).map((source) => {
    const item = document.createElement("li"), swatch = document.createElement("i");
    swatch.style.background = colours[source];
    item.append(swatch, meanings[source]);
    return item;
  }));
}

const radians = (value) => (value === null ? "–" : value.toFixed(3));
const micro = (value) => (value >= 1000 ? (value / 1000).toFixed(1) + " ms" : value.toFixed(0) + " µs");
const put = (id, text) => { if ($(id).textContent !== text) $(id).textContent = text; };

function draw() {
  requestAnimationFrame(draw);
  const isLost = !frame || performance.now() - frameAt > 2000 || events.readyState !== EventSource.OPEN;
  if (!frame || !about) return;
  const state = isLost ? "lost" : frame.state;
  $("banner").dataset.state = state;
  const shown = frame.isLabelling ? "labelling" : frame.state;
  put("state", isLost ? "no connection" : frame.isStill ? shown + " (loop still)" : shown);
  const session = frame.session;
  const doing = [`${session.phase || about.activity}`, `episode ${session.episode}`, owners[frame.source]];
  if (session.policy) doing.push(`policy ${session.policy}`);
  if (session.round > 0) doing.push(`round ${session.round} of ${session.rounds}`);
  if (frame.isMoving) doing.push("moving");
  if (frame.asks) doing.unshift("THE GATE ASKS: take over, or enter for go on");
  put("doing", isLost ? "The session has ended, or this browser lost it." : doing.join(" · "));
  $("fault").hidden = frame.fault === null || frame.fault === undefined;
  if (frame.fault) {
    put("fault-name", frame.fault.name);
    put("fault-cause", "Usual cause: " + frame.fault.cause + ".");
    put("fault-remedy", frame.fault.remedy);
  }
  drawJoints();
  drawRibbon();
  drawDoubts();
  drawTiming();
  drawSession(session);
}

function drawJoints() {
  const rows = $("joints").tBodies[0].rows;
  about.joints.forEach((_, joint) => {
    const cells = rows[joint].cells;
    cells[1].textContent = radians(frame.command[joint]);
    cells[2].textContent = radians(frame.measured[joint]);
    const share = (value) => {
      const part = (value - about.lower[joint]) / (about.upper[joint] - about.lower[joint]);
      return Math.min(100, Math.max(0, part * 100)) + "%";
    };
    const [command, measured] = cells[3].firstChild.children;
    if (frame.command[joint] !== null) command.style.left = share(frame.command[joint]);
    if (frame.measured[joint] !== null) measured.style.left = share(frame.measured[joint]);
    const age = frame.age[joint];
    cells[4].textContent = age === null || age === undefined ? "never" : age + " ticks";
    cells[4].className = age === null || age === undefined || age > about.staleTicks ? "stale" : "";
  });
  put("limits", frame.limits.length ? "limited by: " + frame.limits.join(", ") : "no limit in use");
}

function surface(id) {
  const canvas = $(id), scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, height = Number(canvas.getAttribute("height"));
  canvas.style.height = height + "px";
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  const context = canvas.getContext("2d");
  context.setTransform(canvas.width / width, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

function drawRibbon() {
  const { context, width, height } = surface("ribbon");
  const step = width / (60 * perSecond), from = width - moments.length * step;
  const driver = (moment) => (moment.state === "protective-stop" ? "stop" : moment.source);
  // One rectangle a stretch: seams between single moments would show.
  for (let first = 0, end; first < moments.length; first = end) {
    for (end = first + 1; end < moments.length && driver(moments[end]) === driver(moments[first]);) end += 1;
    context.fillStyle = colours[driver(moments[first])];
    context.fillRect(from + first * step, 0, (end - first) * step, height);
  }
}

function drawDoubts() {
  const threshold = frame.threshold ?? null;
  put("doubt", (frame.doubt === null || frame.doubt === undefined ? "–" : frame.doubt.toPrecision(2))
    + (threshold === null ? "" : ` of ${threshold.toPrecision(2)}`));
  const { context, width, height } = surface("doubts");
  const known = moments.map((moment) => moment.doubt).filter((value) => value !== null && value !== undefined);
  const most = Math.max(1e-6, threshold ?? 0, ...known) * 1.15;
  const step = width / (60 * perSecond), from = width - moments.length * step;
  context.fillStyle = colours.policy;
  moments.forEach((moment, index) => {
    if (moment.doubt === null || moment.doubt === undefined) return;
    const size = (moment.doubt / most) * height;
    context.fillRect(from + index * step, height - size, Math.max(1, step), size);
  });
  if (threshold !== null) {
    context.fillStyle = colours.stop;
    context.fillRect(0, height - (threshold / most) * height - 1, width, 2);
  }
}

function drawTiming() {
  const wake = frame.wake;
  put("wake", `p50 ${micro(wake.p50_us)}, p99 ${micro(wake.p99_us)}, max ${micro(wake.max_us)}`);
  put("timing", `replies p99 ${micro(frame.bus_p99_us)} · computing p99 ${micro(frame.compute_p99_us)} · `
    + `missed periods ${frame.missed} · ticks over their period ${frame.overruns}`);
  fill($("phases").tBodies[0], frame.timing.map((row) => [
    row.name, micro(row.p50_us), micro(row.p99_us), micro(row.p999_us), micro(row.max_us),
  ]));
  const { context, width, height } = surface("histogram");
  const ink = getComputedStyle(document.body).color;
  const most = Math.max(1, ...wake.counts), bar = width / wake.counts.length, base = height - 18;
  context.font = "11px system-ui, sans-serif";
  context.textAlign = "center";
  wake.counts.forEach((count, index) => {
    // A logarithm, or one late tick in a million would not be seen.
    const size = count === 0 ? 0 : Math.max(2, (Math.log1p(count) / Math.log1p(most)) * (base - 4));
    context.fillStyle = index >= edges.length - 2 ? colours.stop : colours.policy;
    context.fillRect(index * bar + 2, base - size, bar - 4, size);
    context.fillStyle = ink;
    const edge = edges[index] ?? edges[edges.length - 1];
    context.fillText((index < edges.length ? "≤" : ">") + (edge >= 1000 ? edge / 1000 + "m" : edge + "µ"),
      index * bar + bar / 2, height - 5);
  });
}

const percent = (share) => Math.round(share * 100) + " %";

function drawSession(session) {
  put("bus", frame.busErrors === 0 ? "no errors" : frame.busErrors + " errors");
  $("bus").className = "figure" + (frame.busErrors > 0 ? " stale" : "");
  put("bus-detail", frame.refusals > 0 ? `${frame.refusals} ${frame.refusals === 1 ? "request" : "requests"} refused; the last: ${frame.refused}`
    : "Replies that did not come or were damaged, both arms, since the start.");
  $("training").hidden = session.round === 0;
  if (session.round > 0) {
    const training = session.training ?? null;
    put("round", training === null ? `${session.frames} of ${session.framesPerRound} corrected frames in this round`
      : `training: ${percent(training)}`);
    $("share").value = training === null ? session.frames / Math.max(1, session.framesPerRound) : training;
  }
  fill($("policies").tBodies[0], session.policies.map((row) => [
    row.policy,
    row.alone === 0 ? "–" : `${row.successes} of ${row.alone}: ${percent(row.low)} to ${percent(row.high)}`,
    String(row.assisted), String(row.takeOvers), percent(row.personShare), Math.round(row.watched_s) + " s",
  ]));
  put("effort", session.effort);
  const news = session.news.slice().reverse();
  if ($("news").dataset.shown !== news.join("\n")) {
    $("news").dataset.shown = news.join("\n");
    $("news").replaceChildren(...news.map((text) => {
      const item = document.createElement("li");
      item.textContent = text;
      return item;
    }));
  }
}

function fill(body, rows) {
  const text = JSON.stringify(rows);
  if (body.dataset.shown === text) return;
  body.dataset.shown = text;
  body.replaceChildren(...rows.map((values) => {
    const row = document.createElement("tr");
    for (const value of values) row.insertCell().textContent = value;
    return row;
  }));
}

requestAnimationFrame(draw);
