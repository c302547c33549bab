// What a pointer, a wheel and the keys do to the timeline.

const CLICK_PIXELS = 4;
const NEAR_PIXELS = 9;

class Gestures {
  constructor(timeline) {
    this.timeline = timeline;
    this.pointers = new Map();
    const canvas = timeline.canvas;
    canvas.addEventListener('wheel', event => this.wheel(event), {passive: false});
    timeline.axis.addEventListener('wheel', event => this.wheel(event), {passive: false});
    canvas.addEventListener('pointerdown', event => this.down(event));
    canvas.addEventListener('pointermove', event => this.move(event));
    canvas.addEventListener('pointerup', event => this.up(event));
    canvas.addEventListener('pointercancel', event => this.pointers.delete(event.pointerId));
    canvas.addEventListener('pointerleave', () => { timeline.tip.hidden = true; });
    canvas.addEventListener('dblclick', event => {
      timeline.zoom(.25, timeline.timeAt(event.offsetX));
    });
  }

  wheel(event) {
    const timeline = this.timeline;
    const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    event.preventDefault();
    if (sideways) {
      timeline.pan((event.deltaX || event.deltaY) / timeline.width);
    } else if (event.altKey) {
      timeline.scroll.scrollTop += event.deltaY;
    } else {
      const factor = Math.pow(1.0016, Math.max(-300, Math.min(300, event.deltaY)));
      timeline.zoom(factor, timeline.timeAt(Math.max(timeline.gutter, event.offsetX)));
    }
  }

  down(event) {
    this.timeline.canvas.setPointerCapture(event.pointerId);
    this.timeline.tip.hidden = true;
    this.pointers.set(event.pointerId, {x: event.clientX, y: event.clientY});
    this.start = {x: event.clientX, y: event.clientY, moved: false};
  }

  move(event) {
    const timeline = this.timeline;
    const before = this.pointers.get(event.pointerId);
    if (!before) return this.hover(event);
    const now = {x: event.clientX, y: event.clientY};
    if (this.pointers.size === 2) {
      const other = [...this.pointers].find(([id]) => id !== event.pointerId)[1];
      const apart = Math.abs(before.x - other.x) / Math.max(8, Math.abs(now.x - other.x));
      const middle = (now.x + other.x) / 2 - timeline.canvas.getBoundingClientRect().left;
      timeline.zoom(apart, timeline.timeAt(middle));
    } else {
      const far = Math.hypot(now.x - this.start.x, now.y - this.start.y);
      if (far > CLICK_PIXELS) this.start.moved = true;
      if (this.start.moved) {
        const by = (before.x - now.x) / (timeline.width - timeline.gutter);
        timeline.scroll.scrollTop += before.y - now.y;
        timeline.pan(by);
      }
    }
    this.pointers.set(event.pointerId, now);
  }

  up(event) {
    this.pointers.delete(event.pointerId);
    if (!this.start || this.start.moved) return;
    this.timeline.onChoose(this.hit(event.offsetX, event.offsetY));
  }

  hover(event) {
    const timeline = this.timeline;
    const hit = this.hit(event.offsetX, event.offsetY);
    timeline.tip.hidden = !hit;
    if (!hit) return;
    timeline.tip.textContent = hit.words;
    const stage = timeline.scroll.parentElement.getBoundingClientRect();
    const left = event.clientX - stage.left;
    const wide = timeline.tip.offsetWidth;
    timeline.tip.style.left = Math.max(0, Math.min(left + 12, stage.width - wide - 4)) + 'px';
    timeline.tip.style.top = event.clientY - stage.top + 16 + 'px';
  }

  // What stands there: an event, a batch, a task, a band or an incarnation; null: nothing.
  hit(x, y) {
    const timeline = this.timeline;
    const model = timeline.model;
    const lane = timeline.shownLanes.find(each => y >= each.y && y < each.y + each.height);
    if (!lane || x < timeline.gutter) return null;
    const row = Math.min(lane.rows - 1, Math.floor((y - lane.y - 2) / ROW));
    const time = timeline.timeAt(x);
    const within = span => span.row === row && span.begin <= time &&
      (span.end < 0 || span.end >= time);
    const violation = model.violations.find(
      each => Math.abs(timeline.x(each.when_ns) - x) < 3 && timeline.shownKinds[0]);
    const event = this.nearest(lane, row, x, y);
    if (event !== null) return event;
    if (violation) return {violation, words: violation.kind + ': ' + violation.what};
    if (lane.key === 'batches') {
      const batch = model.batches.find(within);
      return batch ? {batch, words: batch.title + ': ' + batch.definition} : null;
    }
    const task = lane.tasks.find(within);
    if (task) return {event: task.event, words: task.title};
    const band = model.bands.find(each => model.touches(each, lane) &&
      each.span.begin_ns <= time && (each.span.end_ns < 0 || each.span.end_ns >= time));
    if (band) return {band, words: band.text};
    const life = lane.lives.find(within);
    return life ? {life: life.life, words: life.life.label + ' on ' + life.life.machine} : null;
  }

  // The event nearest to the point; of those at one place, the rarer kind.
  nearest(lane, row, x, y) {
    const timeline = this.timeline;
    const {events, rowIndex} = timeline.model;
    const low = y > lane.y + row * ROW + ROW - 6;
    let best = null;
    let least = NEAR_PIXELS;
    const [first, last] = timeline.range(lane, 'events');
    for (let at = first; at < last; ++at) {
      const i = lane.events[at];
      const kind = events.kind[i];
      if (rowIndex[i] !== row || !timeline.shownKinds[kind]) continue;
      const onDisk = kind >= KINDS.indexOf('sync');
      const right = timeline.x(events.time[i]);
      const left = onDisk && events.began[i] >= 0 ? timeline.x(events.began[i]) : right;
      const away = Math.max(0, left - x, x - right) + kind * .2 + (onDisk === low ? 0 : 5);
      if (away < least) {
        least = away;
        best = i;
      }
    }
    if (best === null) return null;
    return {event: best, words: formatTime(events.time[best]) + ' ' + events.whoName(best) + ' ' +
      events.text(best)};
  }

  // False: the key means nothing here.
  key(event) {
    const timeline = this.timeline;
    const does = {
      'w': () => timeline.zoom(.6), '+': () => timeline.zoom(.6), '=': () => timeline.zoom(.6),
      's': () => timeline.zoom(1 / .6), '-': () => timeline.zoom(1 / .6),
      'a': () => timeline.pan(-.2), 'ArrowLeft': () => timeline.pan(-.2),
      'd': () => timeline.pan(.2), 'ArrowRight': () => timeline.pan(.2),
      'f': () => timeline.fit(), '0': () => timeline.fit(),
    }[event.key];
    if (!does) return false;
    does();
    return true;
  }
}
