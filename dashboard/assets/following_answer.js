// Lets the answer follow a shape while it is dragged. One drawing is under way at a time: the next one, always the
// newest, is sent when the answer to the last one has come and half of the time has been left to others. Where answers
// take longer than `limit` milliseconds, they lag behind the hand: it stops for a while and tries again later, ever more
// rarely while that is so. An answer that is left behind says so.
const SLOW_IN_SUCCESSION = 3;
const LEAST_PAUSE_MS = 15_000, LONGEST_PAUSE_MS = 240_000;
const LEAST_GAP_MS = 40;
const BEHIND_MS = 1_000;
const LOST_MS = 10_000; // an answer that has not come by then does not come
const still = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

export default function ({ data, setStateValue }) {
  document.vplFollower ??= new Follower();
  document.vplFollower.update(data, setStateValue);
}

class Follower {
  draft = null; // gives the drawing as it is, while a shape is dragged
  asked = null; // the draft that is under way
  last = ""; // what was asked last in this drag
  number = 0;
  slow = 0;
  pause = LEAST_PAUSE_MS;
  nextAt = 0;

  constructor() {
    document.addEventListener("vpl-drag", ({ detail }) => this.drag(detail.draft));
    document.addEventListener("vpl-drop", ({ detail }) => this.drop(detail.told));
  }

  update(data, tell) {
    Object.assign(this, { data, tell });
    if (this.asked && data.answered === this.asked.number) this.arrived();
  }

  drag(draft) {
    this.draft = draft;
    if (this.data?.follows && !still()) this.send();
  }

  // A report of its own replaces what is shown; else the answer goes back to what is drawn.
  drop(told) {
    this.draft = null;
    clearTimeout(this.timer);
    if (this.last && !told) this.tell("draft", { number: this.counted(), objects: null });
    this.last = "";
    document.querySelector(".vpl-answer:not([data-draft])")?.removeAttribute("data-behind"); // a draft is replaced
  }

  send() {
    const now = performance.now();
    if (this.asked && now - this.asked.at > LOST_MS) this.took(Infinity);
    if (!this.draft) return;
    if (Math.max(now - (this.asked?.at ?? now), this.nextAt - now) > BEHIND_MS) this.leaveBehind();
    if (this.asked) return;
    clearTimeout(this.timer);
    if (now < this.nextAt) {
      this.timer = setTimeout(() => this.send(), this.nextAt - now);
      return;
    }
    const drawing = this.draft();
    const text = JSON.stringify(drawing);
    if (!drawing || text === this.last) return;
    this.last = text;
    this.asked = { number: this.counted(), at: now };
    this.tell("draft", { ...drawing, number: this.asked.number });
  }

  leaveBehind() {
    if (JSON.stringify(this.draft()) !== this.last) document.querySelector(".vpl-answer")?.setAttribute("data-behind", "");
  }

  counted() {
    this.number = Math.max(Date.now(), this.number + 1);
    return this.number;
  }

  arrived() {
    const took = performance.now() - this.asked.at;
    document.dispatchEvent(new CustomEvent("vpl-draft-answered", { detail: { took, skipped: this.data.skipped } }));
    this.took(this.data.skipped ? Infinity : took);
    if (this.draft) this.send();
  }

  took(time) {
    this.asked = null;
    let wait = Math.max(LEAST_GAP_MS, Math.min(time, this.data.limit));
    if (time <= this.data.limit) Object.assign(this, { slow: 0, pause: LEAST_PAUSE_MS });
    else if (++this.slow >= SLOW_IN_SUCCESSION) {
      wait = this.pause;
      this.pause = Math.min(2 * this.pause, LONGEST_PAUSE_MS);
      this.slow = SLOW_IN_SUCCESSION - 1; // a single try when the pause is over
    }
    this.nextAt = performance.now() + wait;
  }
}
