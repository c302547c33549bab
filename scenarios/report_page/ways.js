// The way of a record: where the source gave it, which batches took it in, what it left in state,
// where it came out. A record is known by a word of its own (an id), or by its whole line.

function words(line) {
  return line.split(/[\s,()"';:=|\u0000-\u001f]+/).filter(word => word);
}

class Ways {
  constructor(model) {
    this.model = model;
    this.index = null;
  }

  // By word or line: where it was given and which rows hold it. Made when it is first asked for.
  build() {
    if (this.index) return this.index;
    this.index = new Map();
    const entry = word => {
      let found = this.index.get(word);
      if (!found) this.index.set(word, found = {given: [], rows: [], states: []});
      return found;
    };
    const note = (line, add) => {
      for (const word of new Set([...words(line), line])) if (word) add(entry(word));
    };
    this.model.source.forEach((piece, at) => piece.lines.forEach((line, number) => {
      note(line, found => found.given.push({piece: at, number, line}));
    }));
    this.model.batches.forEach((batch, at) => {
      batch.deliveries.forEach((delivery, nth) => delivery.rows.forEach(row => {
        note(row, found => found.rows.push({batch: at, delivery: nth, row}));
      }));
      batch.attempts.forEach((attempt, nth) => attempt.state.forEach((state, of) => {
        for (const key of state.keys) {
          note(key.replace(/[^\x20-\x7e\u00a1-\uffff]+/g, ' ').trim(),
            found => found.states.push({batch: at, attempt: nth, state: of}));
        }
      }));
    });
    return this.index;
  }

  // The words by which records can be told: ids if there are any, else every line that was given.
  names() {
    const ids = [];
    for (const [word, found] of this.build()) {
      if (found.given.length && /^r\d+$/.test(word)) ids.push(word);
    }
    if (ids.length) return ids.sort((a, b) => +a.slice(1) - +b.slice(1));
    const lines = new Set();
    for (const piece of this.model.source) for (const line of piece.lines) lines.add(line);
    return [...lines].filter(line => line);
  }

  // Null if nobody has heard of it.
  of(name) {
    const found = this.build().get(name);
    if (!found) return null;
    const {source, batches} = this.model;
    const pieces = new Set(found.given.map(each => source[each.piece].name));
    const takenIn = batches.filter(batch => batch.input.some(piece => pieces.has(piece)));
    const tasks = [];
    for (const lane of this.model.lanes) {
      for (const task of lane.tasks) {
        const mine = takenIn.some(batch => batch.number === task.batch);
        if (mine) tasks.push({lane, task});
      }
    }
    tasks.sort((a, b) => a.task.begin - b.task.begin);
    return {name, given: found.given, takenIn, tasks, states: found.states, rows: found.rows,
      // Blocks of a socket have names of their own: nothing says which lines are in which.
      unknownBatch: found.given.length > 0 && takenIn.length === 0 && batches.length > 0 &&
        batches.some(batch => batch.input.length > 0)};
  }
}
