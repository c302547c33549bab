// The picture: lanes over virtual time on a canvas. What is smaller than a pixel is drawn once, so
// that a frame costs as much as is to be seen, not as much as there is.

const ROW = 34;
const AXIS = 46;
const MESSAGES_MOST = 1500;  // arrows in a frame; of more, every nth
const LEAST_SPAN_NS = 50;
const [LOG, MESSAGE, SYNC] = ['log', 'message', 'sync'].map(kind => KINDS.indexOf(kind));
// Of a kind's marks, in pixels: how far below its row's top, how high, how wide at least. What has
// none is rare, and drawn one by one.
const MARKS = {[KINDS.indexOf('step')]: [10, 12, 3], [LOG]: [13, 6, 4], [MESSAGE]: [18, 2, 2],
  [SYNC]: [ROW - 2, 4, 1.5], [KINDS.indexOf('disk')]: [ROW - 2, 2, 1.5]};

class Timeline {
  constructor(model, elements, onChoose, onView) {
    this.model = model;
    this.canvas = elements.lanes;
    this.axis = elements.axis;
    this.scroll = elements.scroll;
    this.tip = elements.tip;
    this.onChoose = onChoose;
    this.onView = onView;
    this.shownKinds = KINDS.map(() => true);
    this.hiddenLanes = new Set();
    this.matches = null;
    this.chosen = null;
    this.begin = 0;
    this.end = model.end;
    this.frames = 0;
    this.lastFrameMs = 0;
    this.readColours();
    this.layOut();
    this.fit();
  }

  readColours() {
    const style = getComputedStyle(document.documentElement);
    this.colours = {};
    for (const name of ['bg', 'panel', 'text', 'soft', 'line', 'stripe', 'accent', 'task',
      'task-text', 'life', 'life-edge', 'band', 'pause', 'batch', 'batch-edge', 'batch-text',
      'chosen', ...KINDS]) {
      this.colours[name] = style.getPropertyValue('--' + name).trim();
    }
  }

  layOut() {
    const ratio = window.devicePixelRatio || 1;
    const width = Math.max(200, this.scroll.clientWidth);
    this.gutter = width < 640 ? 96 : 150;
    this.width = width;
    let y = 0;
    this.shownLanes = this.model.lanes.filter(lane => {
      const empty = !lane.events.length && !lane.lives.length &&
        !(lane.key === 'batches' && this.model.batches.length);
      return !this.hiddenLanes.has(lane.key) && !(empty && !lane.isMachine);
    });
    for (const lane of this.model.lanes) lane.y = -1;
    for (const lane of this.shownLanes) {
      lane.y = y;
      lane.height = lane.rows * ROW + 4;
      y += lane.height;
    }
    this.height = Math.max(y, ROW);
    const size = (canvas, height) => {
      canvas.style.height = height + 'px';
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.getContext('2d').setTransform(ratio, 0, 0, ratio, 0, 0);
    };
    size(this.canvas, this.height);
    size(this.axis, AXIS);
    this.draw();
  }

  x(time) {
    return this.gutter + (time - this.begin) / (this.end - this.begin) * (this.width - this.gutter);
  }

  timeAt(x) {
    return this.begin + (x - this.gutter) / (this.width - this.gutter) * (this.end - this.begin);
  }

  y(place) {
    return place.lane.y + place.row * ROW + ROW / 2 + 2;
  }

  view(begin, end) {
    const span = Math.max(LEAST_SPAN_NS, Math.min(end - begin, this.model.end * 1.1));
    const margin = this.model.end * 0.05;
    begin = Math.max(-margin, Math.min(begin, this.model.end + margin - span));
    this.begin = begin;
    this.end = begin + span;
    this.draw();
    this.onView();
  }

  fit() {
    this.view(-this.model.end * 0.01, this.model.end * 1.02);
  }

  zoom(factor, at = (this.begin + this.end) / 2) {
    this.view(at - (at - this.begin) * factor, at + (this.end - at) * factor);
  }

  pan(share) {
    const by = (this.end - this.begin) * share;
    this.view(this.begin + by, this.end + by);
  }

  // So that the instant stands in the middle, no farther away than `span`.
  show(time, span = Math.min(this.end - this.begin, this.model.end / 20)) {
    this.view(time - span / 2, time + span / 2);
  }

  draw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    this.pending = false;
    const started = performance.now();
    const pen = this.canvas.getContext('2d');
    pen.clearRect(0, 0, this.width, this.height);
    this.drawLanes(pen);
    pen.save();
    pen.beginPath();
    pen.rect(this.gutter, 0, this.width - this.gutter, this.height);
    pen.clip();
    this.drawLives(pen);
    this.drawBands(pen);
    this.drawBatches(pen);
    this.drawMessages(pen);
    this.drawEvents(pen);
    this.drawInstants(pen, this.height);
    pen.restore();
    drawAxis(this);
    ++this.frames;
    this.lastFrameMs = performance.now() - started;
  }

  drawLanes(pen) {
    const c = this.colours;
    pen.font = '12px system-ui, sans-serif';
    pen.textBaseline = 'middle';
    this.shownLanes.forEach((lane, number) => {
      if (number % 2) {
        pen.fillStyle = c.stripe;
        pen.fillRect(0, lane.y, this.width, lane.height);
      }
      pen.fillStyle = lane.isMachine || lane.special ? c.soft : c.text;
      const indent = lane.isMachine || lane.special ? 8 : 18;
      const narrow = this.gutter < 120;
      const short = narrow && lane.process ? lane.name.split('/').pop() : lane.name;
      const name = lane.isMachine && !narrow ? 'machine ' + lane.name : short;
      pen.fillText(this.cut(pen, name, this.gutter - indent - 6), indent, lane.y + lane.height / 2);
    });
    pen.fillStyle = c.line;
    pen.fillRect(this.gutter - 1, 0, 1, this.height);
  }

  // The text, shortened to fit.
  cut(pen, text, width) {
    if (pen.measureText(text).width <= width) return text;
    let length = text.length;
    while (length > 1 && pen.measureText(text.slice(0, length) + '…').width > width) --length;
    return length > 1 ? text.slice(0, length) + '…' : '';
  }

  // A box of a span of time, with its title where that fits, `low` where events have their words
  // above; nothing outside of the view.
  box(pen, begin, end, y, height, fill, edge, title, ink, low = false) {
    const left = Math.max(this.x(begin), this.gutter - 2);
    const right = Math.min(this.x(end < 0 ? this.model.end : end), this.width + 2);
    if (right < this.gutter || left > this.width) return;
    const width = Math.max(1, right - left);
    pen.fillStyle = fill;
    pen.fillRect(left, y, width, height);
    if (edge && width > 2) {
      pen.strokeStyle = edge;
      pen.lineWidth = 1;
      pen.strokeRect(left + .5, y + .5, width - 1, height - 1);
    }
    if (title && width > 24) {
      pen.fillStyle = ink;
      pen.font = '11px system-ui, sans-serif';
      const middle = low ? y + height - 7 : y + height / 2 + .5;
      pen.fillText(this.cut(pen, title, width - 8), left + 4, middle);
    }
  }

  drawLives(pen) {
    const c = this.colours;
    for (const lane of this.shownLanes) {
      for (const {life, begin, end, row} of lane.lives) {
        const y = lane.y + row * ROW + 4;
        this.box(pen, begin, end, y, ROW - 4, c.life, c['life-edge'], '', c.soft);
        for (const pause of life.pauses) {
          this.box(pen, pause.begin_ns, pause.end_ns < 0 && end >= 0 ? end : pause.end_ns, y,
            ROW - 4, c.pause, null, 'paused', c.text, true);
        }
      }
      let edge = -1;
      for (const task of lane.tasks) {
        const right = this.x(task.end);
        if (right < this.gutter || this.x(task.begin) > this.width) continue;
        if (right < edge + 1 && right - this.x(task.begin) < 1) continue;
        edge = right;
        this.box(pen, task.begin, task.end, lane.y + task.row * ROW + 6, ROW - 8, c.task, null,
          task.title, c['task-text'], true);
      }
      for (const {life, begin, end, row} of lane.lives) this.drawLifeEnds(pen, lane, life, row);
    }
  }

  drawLifeEnds(pen, lane, life, row) {
    const c = this.colours;
    const y = lane.y + row * ROW + 2 + ROW / 2;
    const left = this.x(life.begin_ns);
    const elsewhere = life.machine === lane.machine ? '' : ' on ' + life.machine;
    const number = '#' + life.label.split('#').pop() + elsewhere;
    const right = this.x(life.end_ns < 0 ? this.model.end : life.end_ns);
    if (left > this.gutter - 20 && right - left > 30 && life.begin_ns > 0) {
      pen.font = 'bold 10px system-ui, sans-serif';
      pen.fillStyle = c.soft;
      pen.textAlign = 'right';
      pen.fillText(number, left - 4, y - 6);
      pen.textAlign = 'left';
    }
    if (life.end_ns < 0 || life.end === 'exits') return;
    pen.strokeStyle = c.fault;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.moveTo(right - 4, y - 4);
    pen.lineTo(right + 4, y + 4);
    pen.moveTo(right - 4, y + 4);
    pen.lineTo(right + 4, y - 4);
    pen.stroke();
  }

  drawBands(pen) {
    const c = this.colours;
    for (const band of this.model.bands) {
      if (!this.shownKinds[KINDS.indexOf('fault')]) return;
      let top = true;
      for (const lane of this.shownLanes) {
        if (!this.model.touches(band, lane)) continue;
        const title = top ? band.kind + (band.peer ? ' ↔ ' + band.peer : '') : '';
        this.box(pen, band.span.begin_ns, band.span.end_ns, lane.y + 1, lane.height - 1, c.band,
          null, title, c.fault, true);
        top = false;
      }
    }
  }

  drawBatches(pen) {
    const c = this.colours;
    const lane = this.model.laneOf.get('batches');
    if (lane.y < 0) return;
    let edge = [];
    for (const batch of this.model.batches) {
      const y = lane.y + batch.row * ROW + 4;
      const right = this.x(batch.end < 0 ? this.model.end : batch.end);
      const left = this.x(batch.begin);
      if (right < this.gutter || left > this.width) continue;
      if (right - left < 1 && edge[batch.row] > right - 1) continue;
      edge[batch.row] = right;
      const open = batch.end < 0 || batch.superseded_ns >= 0;
      const chosen = this.chosen && this.chosen.batch === batch;
      this.box(pen, batch.begin, batch.end, y, ROW - 4, c.batch,
        chosen ? c.chosen : open ? c.fault : c['batch-edge'], batch.title, c['batch-text']);
      if (right - left < 12) continue;
      const tick = (time, colour, height) => {
        pen.fillStyle = colour;
        pen.fillRect(this.x(time) - 1, y + ROW - 4 - height, 2, height);
      };
      for (const attempt of batch.attempts) tick(attempt.seen_ns, c.step, 6);
      for (const delivery of batch.deliveries) tick(delivery.at_ns, c.violation, 9);
      for (const time of batch.committed_ns) tick(time, c.process, 12);
    }
  }

  // Of a lane's events, or its messages, those within the view, and what is under way at its end.
  range(lane, of) {
    const until = this.timeAt(this.width + 6);
    const times = of === 'messages' ? lane.messageTimes : lane.times;
    return [lowerBound(times, this.timeAt(this.gutter - 6)),
      lowerBound(times, until + lane.longest)];
  }

  drawMessages(pen) {
    const kind = KINDS.indexOf('message');
    if (!this.shownKinds[kind]) return;
    const {events, fromPlace} = this.model;
    const arrows = [];
    const until = this.timeAt(this.width + 6);
    const ranges = this.shownLanes.map(lane => this.range(lane, 'messages'));
    const count = ranges.reduce((sum, [first, last]) => sum + last - first, 0);
    const every = Math.ceil(count / MESSAGES_MOST);
    this.shownLanes.forEach((lane, at) => {
      for (let nth = ranges[at][0]; nth < ranges[at][1]; nth += every) {
        const i = lane.messages[nth];
        if (fromPlace[i].lane.y >= 0 && events.began[i] <= until) arrows.push(i);
      }
    });
    pen.strokeStyle = this.colours.message;
    pen.lineWidth = 1;
    pen.globalAlpha = arrows.length > 600 ? .35 : .8;
    pen.beginPath();
    for (const i of arrows) this.arrow(pen, i, arrows.length <= 300);
    pen.stroke();
    pen.globalAlpha = 1;
    this.arrows = arrows.length;
  }

  arrow(pen, i, head) {
    const model = this.model;
    const x0 = this.x(model.events.began[i]);
    const y0 = this.y(model.fromPlace[i]);
    const x1 = this.x(model.events.time[i]);
    const y1 = this.y({lane: model.lanes[model.laneIndex[i]], row: model.rowIndex[i]});
    pen.moveTo(x0, y0);
    pen.lineTo(x1, y1);
    if (!head) return;
    const angle = Math.atan2(y1 - y0, x1 - x0);
    pen.moveTo(x1 - 7 * Math.cos(angle - .4), y1 - 7 * Math.sin(angle - .4));
    pen.lineTo(x1, y1);
    pen.lineTo(x1 - 7 * Math.cos(angle + .4), y1 - 7 * Math.sin(angle + .4));
  }

  drawEvents(pen) {
    this.drawn = 0;
    for (const lane of this.shownLanes) this.drawEventsOf(pen, lane);
    if (this.matches) this.drawMatches(pen);
    this.drawChosen(pen);
  }

  // Marks of one kind that touch are one box.
  drawEventsOf(pen, lane) {
    const {events, rowIndex} = this.model;
    const until = this.timeAt(this.width + 6);
    const runs = new Map();
    const labels = [];
    const flush = run => {
      const [above, height] = MARKS[run.kind];
      pen.fillStyle = this.colours[KINDS[run.kind]];
      pen.fillRect(run.left, lane.y + run.row * ROW + above, run.right - run.left, height);
    };
    const [first, last] = this.range(lane, 'events');
    for (let at = first; at < last; ++at) {
      const i = lane.events[at];
      const kind = events.kind[i];
      const began = events.began[i];
      if (!this.shownKinds[kind] || began > until) continue;
      ++this.drawn;
      const x = this.x(events.time[i]);
      const row = rowIndex[i];
      const wide = MARKS[kind] ? MARKS[kind][2] : 0;
      const onDisk = kind >= SYNC;
      const left = onDisk && began >= 0 ? Math.max(this.gutter, this.x(began)) : x - wide / 2;
      const right = onDisk ? Math.max(left + wide, x) : x + wide / 2;
      const slot = kind * 256 + row;
      const run = runs.get(slot);
      if (run && left <= run.right + .5) {
        run.right = Math.max(run.right, right);
        continue;
      }
      if (run && MARKS[kind]) flush(run);
      const begun = {kind, row, left, right};
      runs.set(slot, begun);
      if (!MARKS[kind]) this.drawRare(pen, KINDS[kind], x, lane.y + row * ROW + ROW / 2 + 2);
      if (!onDisk && kind !== MESSAGE && kind !== LOG) {
        labels.push([x, lane.y + row * ROW + ROW / 2 + 2, row, i, begun]);
      }
    }
    for (const run of runs.values()) if (MARKS[run.kind]) flush(run);
    this.drawLabels(pen, labels);
  }

  drawRare(pen, kind, x, y) {
    pen.fillStyle = this.colours[kind];
    pen.beginPath();
    if (kind === 'fault') {
      pen.moveTo(x, y - 8);
      pen.lineTo(x + 7, y + 5);
      pen.lineTo(x - 7, y + 5);
    } else {
      pen.arc(x, y, 4, 0, 7);
    }
    pen.fill();
  }

  // Words beside what has room for them.
  drawLabels(pen, labels) {
    pen.font = '10px system-ui, sans-serif';
    pen.fillStyle = this.colours.text;
    for (let at = 0; at < labels.length; ++at) {
      const [x, y, row, i, run] = labels[at];
      // Of many marks no one's words stand beside them.
      if (run.right - x > 12) continue;
      let next = at + 1;
      while (next < labels.length && labels[next][2] !== row) ++next;
      const room = (next < labels.length ? labels[next][0] : this.width) - x - 8;
      if (room > 40) {
        pen.fillText(this.cut(pen, this.model.events.text(i), Math.min(room, 260)), x + 5, y - 5);
      }
    }
  }

  drawMatches(pen) {
    pen.fillStyle = this.colours.chosen;
    let edge = -1;
    for (const i of this.matches) {
      const lane = this.model.lanes[this.model.laneIndex[i]];
      const x = this.x(this.model.events.time[i]);
      if (lane.y < 0 || x < this.gutter || x > this.width) continue;
      if (x - edge < .2) continue;
      edge = x;
      pen.fillRect(x - 1, lane.y + this.model.rowIndex[i] * ROW + 2, 2, 5);
    }
  }

  drawChosen(pen) {
    if (!this.chosen || this.chosen.event === undefined) return;
    const i = this.chosen.event;
    const lane = this.model.lanes[this.model.laneIndex[i]];
    if (lane.y < 0) return;
    const x = this.x(this.model.events.time[i]);
    const y = this.y({lane, row: this.model.rowIndex[i]});
    pen.strokeStyle = this.colours.chosen;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(x, y, 9, 0, 7);
    const from = this.model.fromPlace[i];
    if (from && from.lane.y >= 0) {
      pen.moveTo(this.x(this.model.events.began[i]), this.y(from));
      pen.lineTo(x, y);
    }
    pen.stroke();
  }

  // What is about the whole world at an instant.
  drawInstants(pen, height) {
    if (!this.shownKinds[0]) return;
    pen.fillStyle = this.colours.violation;
    for (const violation of this.model.violations) {
      const x = this.x(violation.when_ns);
      pen.fillRect(x - 1, 0, 2, height);
    }
    if (this.chosen && this.chosen.time !== undefined && !this.chosen.violation) {
      pen.fillStyle = this.colours.chosen;
      pen.fillRect(this.x(this.chosen.time) - .5, 0, 1, height);
    }
  }
}
