// The run, decoded from the page's data (page_data.h says how it is written): events as columns,
// lanes, and what the checkers read of each batch.

const KINDS = ['violation', 'fault', 'process', 'world', 'step', 'log', 'message', 'sync', 'disk'];

function formatTime(ns) {
  return (ns / 1e9).toFixed(6) + ' s';
}

function formatLength(ns) {
  if (ns < 1e3) return ns + ' ns';
  if (ns < 1e6) return +(ns / 1e3).toPrecision(4) + ' µs';
  if (ns < 1e9) return +(ns / 1e6).toPrecision(4) + ' ms';
  return +(ns / 1e9).toPrecision(5) + ' s';
}

// The first index of a rising array whose value is not below `value`.
function lowerBound(array, value) {
  let low = 0;
  let high = array.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (array[middle] < value) low = middle + 1; else high = middle;
  }
  return low;
}

// "app#2/driver": process, incarnation, node.
function splitName(name) {
  const found = /^(.*)#(\d+)(?:\/(.*))?$/.exec(name);
  if (!found) return null;
  return {process: found[1], label: found[1] + '#' + found[2], node: found[3] || ''};
}

class Events {
  constructor(data, strings) {
    const columns = data.events;
    const count = columns.dt.length;
    this.count = count;
    this.strings = strings;
    this.shapes = data.shapes;
    this.shape = columns.shape;
    this.numbers = columns.numbers;
    this.who = columns.who;
    this.from = columns.from;
    this.to = columns.to;
    this.time = new Float64Array(count);
    this.began = new Float64Array(count);
    this.kind = new Uint8Array(count);
    this.firstNumber = new Uint32Array(count);
    this.texts = null;
    const isSync = this.shapes.map(parts => /^(unheard: )?sync/.test(parts[0]));
    const kindOf = strings.map(name => KINDS.indexOf(name === 'machine' ? 'process' : name));
    const sync = KINDS.indexOf('sync');
    const disk = KINDS.indexOf('disk');
    let time = 0;
    let numbers = 0;
    for (let i = 0; i < count; ++i) {
      time += columns.dt[i];
      this.time[i] = time;
      this.began[i] = columns.took[i] < 0 ? -1 : time - columns.took[i];
      const kind = kindOf[columns.kind[i]];
      this.kind[i] = kind === disk && isSync[this.shape[i]] ? sync : kind < 0 ? 3 : kind;
      this.firstNumber[i] = numbers;
      numbers += this.shapes[this.shape[i]].length - 1;
    }
  }

  text(i) {
    const parts = this.shapes[this.shape[i]];
    let text = parts[0];
    let at = this.firstNumber[i];
    for (let part = 1; part < parts.length; ++part) text += this.numbers[at++] + parts[part];
    return text;
  }

  whoName(i) {
    return this.strings[this.who[i]];
  }

  kindName(i) {
    return KINDS[this.kind[i]];
  }

  // In lower case, for searches.
  searchable() {
    if (this.texts) return this.texts;
    this.texts = new Array(this.count);
    for (let i = 0; i < this.count; ++i) {
      this.texts[i] = (this.whoName(i) + ' ' + this.kindName(i) + ' ' + this.text(i)).toLowerCase();
    }
    return this.texts;
  }

  // The events that hold every word of the query, in order.
  find(query) {
    const words = query.toLowerCase().split(/\s+/).filter(word => word);
    if (!words.length) return [];
    const found = [];
    this.searchable().forEach((text, i) => {
      if (words.every(word => text.includes(word))) found.push(i);
    });
    return found;
  }

  // The numbers that a step tells, by name: "batch=1 row=4".
  attributes(i) {
    const attributes = {};
    for (const [, name, value] of this.text(i).matchAll(/([a-z_]+)=(-?\d+)/g)) {
      attributes[name] = +value;
    }
    return attributes;
  }
}

// Spans of one lane in rows, so that none covers another.
function stack(spans, end) {
  const free = [];
  for (const span of spans) {
    let row = free.findIndex(time => time <= span.begin);
    if (row < 0) row = free.length;
    free[row] = span.end < 0 ? end : span.end;
    span.row = row;
  }
  return Math.max(1, free.length);
}

class Model {
  constructor(data) {
    this.run = data.run;
    this.events = new Events(data, data.strings);
    this.source = data.source;
    this.batches = data.batches;
    this.bands = data.bands;
    this.lives = data.lives;
    const last = this.events.count ? this.events.time[this.events.count - 1] : 0;
    this.end = Math.max(1, this.run.virtual_ns, last);
    this.violations = this.run.violations;
    this.makeLanes();
    this.placeEvents();
    this.makeTasks();
    this.makeBatches();
  }

  // The batches, the world, then each machine with its nodes.
  makeLanes() {
    this.lanes = [];
    this.laneOf = new Map();  // by key
    this.rowOf = new Map();   // of an incarnation, by label
    const add = (key, name, of) => {
      if (this.laneOf.has(key)) return this.laneOf.get(key);
      const lane = {key, name, rows: 1, events: [], lives: [], tasks: [], index: this.lanes.length,
        ...of};
      this.lanes.push(lane);
      this.laneOf.set(key, lane);
      return lane;
    };
    add('batches', 'batches', {special: true});
    add('world', 'world', {special: true});
    const machines = [];
    const homes = new Map();
    for (const life of this.lives) {
      if (!machines.includes(life.machine)) machines.push(life.machine);
      if (!homes.has(life.process)) homes.set(life.process, life.machine);
    }
    for (const machine of machines) {
      add('m:' + machine, machine, {machine, isMachine: true});
      for (const life of this.lives) {
        if (homes.get(life.process) !== machine) continue;
        for (const node of life.nodes) {
          const name = node === life.process ? node : life.process + '/' + node;
          add(life.process + '/' + node, name, {machine, process: life.process});
        }
      }
    }
    for (const process of new Set(this.lives.map(life => life.process))) {
      const spans = this.lives.filter(life => life.process === process)
        .map(life => ({life, begin: life.begin_ns, end: life.end_ns}));
      const rows = stack(spans, this.end);
      for (const span of spans) this.rowOf.set(span.life.label, span.row);
      for (const lane of this.lanes) {
        if (lane.process !== process) continue;
        lane.rows = rows;
        lane.lives = spans.filter(
          span => span.life.nodes.includes(lane.key.slice(process.length + 1)));
      }
    }
    this.addLane = add;
  }

  // Where what bears this name stands.
  place(name) {
    const split = splitName(name);
    if (split) {
      const lane = this.laneOf.get(split.process + '/' + split.node);
      if (lane) return {lane, row: this.rowOf.get(split.label) || 0};
      const life = this.lives.find(each => each.label === split.label);
      const machine = life && this.laneOf.get('m:' + life.machine);
      if (machine) return {lane: machine, row: 0};
    }
    // Of a link, "m1>m2", what happens is seen at its end.
    const machine = this.laneOf.get('m:' + name.slice(name.indexOf('>') + 1));
    if (machine) return {lane: machine, row: 0};
    return {lane: this.laneOf.get(name) || this.addLane(name, name, {}), row: 0};
  }

  placeEvents() {
    const events = this.events;
    const places = events.strings.map(() => null);
    const placeOf = index => places[index] || (places[index] = this.place(events.strings[index]));
    this.laneIndex = new Uint16Array(events.count);
    this.rowIndex = new Uint8Array(events.count);
    this.fromPlace = new Array(events.count);
    this.counts = KINDS.map(() => 0);
    for (let i = 0; i < events.count; ++i) {
      ++this.counts[events.kind[i]];
      // A message stands where it arrives; 0: nobody.
      const receiver = events.to[i];
      const {lane, row} = placeOf(receiver > 0 ? receiver - 1 : events.who[i]);
      if (events.from[i] > 0) this.fromPlace[i] = placeOf(events.from[i] - 1);
      this.laneIndex[i] = lane.index;
      this.rowIndex[i] = row;
      lane.events.push(i);
    }
    for (const lane of this.lanes) {
      lane.events = Uint32Array.from(lane.events);
      lane.times = Float64Array.from(lane.events, i => events.time[i]);
      lane.messages = lane.events.filter(
        i => events.kind[i] === KINDS.indexOf('message') && this.fromPlace[i]);
      lane.messageTimes = Float64Array.from(lane.messages, i => events.time[i]);
      lane.longest = 0;
      for (const i of lane.events) {
        if (events.began[i] < 0) continue;
        lane.longest = Math.max(lane.longest, events.time[i] - events.began[i]);
      }
    }
    this.counts[KINDS.indexOf('violation')] = this.violations.length;
  }

  // From "task.started" to "task.finished", "task.failed" or the end of the incarnation.
  makeTasks() {
    const open = new Map();
    const events = this.events;
    const wanted = events.shapes.map(parts => /^task\.(started|finished|failed)/.exec(parts[0]));
    for (let i = 0; i < events.count; ++i) {
      const word = wanted[events.shape[i]];
      if (!word) continue;
      const text = events.text(i);
      const key = events.who[i] + text.slice(text.indexOf(' '));
      if (word[1] === 'started') {
        const tells = events.attributes(i);
        const task = {begin: events.time[i], end: -1, row: this.rowIndex[i], event: i, ...tells,
          title: 'batch ' + tells.batch + ' stage ' + tells.stage + ' partition ' +
            tells.partition};
        this.lanes[this.laneIndex[i]].tasks.push(task);
        open.set(key, task);
      } else if (open.has(key)) {
        open.get(key).end = events.time[i];
        open.delete(key);
      }
    }
    for (const lane of this.lanes) {
      for (const task of lane.tasks) {
        if (task.end >= 0) continue;
        const life = lane.lives.find(
          each => each.row === task.row && each.begin <= task.begin && each.end >= task.begin);
        task.end = life ? life.end : this.end;
        task.cut = true;
      }
    }
  }

  makeBatches() {
    const lane = this.laneOf.get('batches');
    this.batches.forEach((batch, index) => {
      batch.index = index;
      batch.title = (batch.of ? batch.of + ' ' : '') + 'batch ' + batch.name;
      batch.number = parseInt(batch.name, 10);
      const times = [batch.defined_ns, ...batch.attempts.map(each => each.seen_ns),
        ...batch.deliveries.map(each => each.at_ns)].filter(time => time >= 0);
      batch.begin = times.length ? Math.min(...times) : 0;
      const done = batch.committed_ns.length > 0;
      batch.end = batch.superseded_ns >= 0 ? batch.superseded_ns
        : done ? Math.max(...batch.committed_ns, ...batch.deliveries.map(each => each.at_ns))
          : -1;
    });
    this.numberStreams();
    lane.rows = stack([...this.batches].sort((a, b) => a.begin - b.begin), this.end);
  }

  // A stream's batches are known by their times, its steps tell numbers: two batches whose step
  // comes right after their input is durable give the rule for all.
  numberStreams() {
    const events = this.events;
    const logged = [];
    for (let i = 0; i < events.count; ++i) {
      if (!events.shapes[events.shape[i]][0].startsWith('dstream.batch_input_logged')) continue;
      logged.push({time: events.time[i], number: events.attributes(i).batch});
    }
    const streams = this.batches.filter(batch => batch.name.endsWith(' ms'));
    const pairs = [];
    for (const batch of streams) {
      const step = logged.find(each => each.time >= batch.defined_ns);
      const known = step && batch.defined_ns >= 0 && step.time - batch.defined_ns < 1e6;
      if (known) pairs.push({time: batch.number, number: step.number});
    }
    const [first, last] = [pairs[0], pairs[pairs.length - 1]];
    for (const batch of streams) {
      if (pairs.length === 0 || (pairs.length === 1 && batch.number !== first.time)) {
        batch.number = NaN;
      } else if (first.time === last.time) {
        batch.number = first.number;
      } else {
        const interval = (last.time - first.time) / (last.number - first.number);
        batch.number = first.number + Math.round((batch.number - first.time) / interval);
      }
      if (isNaN(batch.number)) continue;
      batch.title = (batch.of ? batch.of + ' ' : '') + 'batch ' + batch.number;
    }
  }

  // Whether a band is about this lane.
  touches(band, lane) {
    // Pauses are drawn on the incarnation that stands still.
    if (lane.special || /^process\.(pause|zombie)$/.test(band.kind)) return false;
    if (band.peer && (lane.machine === band.where || lane.machine === band.peer)) return true;
    return lane.process === band.where || lane.machine === band.where;
  }
}
