// What stands beside and below the picture: details of what was chosen, and the tables. Text from
// the run is only ever set as text.

const ROWS_PAGE = 200;

class Panels {
  // `go` leads to what was chosen: go.event(i), go.batch(b), go.record(name), go.time(ns).
  constructor(model, ways, elements, go) {
    Object.assign(this, {model, ways, go, elements});
  }

  jump(text, action) {
    return make('button', {type: 'button', class: 'jump', onclick: action}, text);
  }

  at(time) {
    return time < 0 ? 'never' : this.jump(formatTime(time), () => this.go.time(time));
  }

  list(items) {
    return make('dl', {}, ...items.filter(([, value]) => value !== '' && value !== null)
      .flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)]));
  }

  // At most so many of them, and then how many more there are.
  some(items, most, toElement) {
    const shown = items.slice(0, most).map(item => make('li', {}, toElement(item)));
    if (items.length > most) {
      shown.push(make('li', {}, this.jump('show ' + (items.length - most) + ' more', event => {
        const list = event.target.closest('ul');
        list.replaceChildren(...items.map(item => make('li', {}, toElement(item))));
      })));
    }
    return make('ul', {}, ...shown);
  }

  details(...children) {
    this.elements.details.replaceChildren(...children.filter(child => child));
    this.elements.details.scrollTop = 0;
  }

  nothing() {
    this.details(make('h2', {}, 'Nothing is chosen'),
      make('p', {class: 'hint'}, 'Click an event, a message, a batch or a band. The way of a ' +
        'record is under “records”.'),
      make('p', {class: 'hint keys'}, 'Wheel or w, s: zoom. Drag or a, d: pan. Double click: ' +
        'closer. f: the whole run. /: search; n, p: the matches. Shift and wheel: sideways; alt ' +
        'and wheel: up and down. Esc: choose nothing.'));
  }

  event(i) {
    const {events, batches} = this.model;
    const tells = events.attributes(i);
    const lane = this.model.lanes[this.model.laneIndex[i]];
    const at = lowerBound(lane.events, i);
    const began = events.began[i];
    const from = events.from[i] > 0 ? events.strings[events.from[i] - 1] : '';
    const to = events.to[i] > 0 ? events.strings[events.to[i] - 1] : '';
    const neighbour = (by, text) => at + by < 0 || at + by >= lane.events.length ? null
      : this.jump(text, () => this.go.event(lane.events[at + by]));
    const mine = batches.filter(batch => events.text(i).includes('batch=') &&
      batch.number === tells.batch);
    const named = words(events.text(i)).filter(word => /^r\d+$/.test(word));
    this.details(make('h2', {}, events.text(i)),
      this.list([['time', this.at(events.time[i])], ['kind', events.kindName(i)],
        ['who', events.whoName(i)], ['from', from], ['to', to],
        [from ? 'sent' : 'made', began < 0 ? '' : this.at(began)],
        ['took', began < 0 ? '' : formatLength(events.time[i] - began)],
        ...Object.entries(tells).map(([name, value]) => [name, String(value)])]),
      ...mine.map(batch => make('p', {}, this.jump(batch.title, () => this.go.batch(batch)))),
      ...named.map(name => make('p', {}, this.jump(name, () => this.go.record(name)))),
      make('p', {class: 'pages'}, neighbour(-1, '← before on this lane'),
        neighbour(1, 'after →')));
  }

  batch(batch) {
    const attempts = batch.attempts.map(attempt => make('li', {},
      make('code', {}, attempt.name || '(no name)'), ' seen ', this.at(attempt.seen_ns),
      attempt.complete_ns < 0 ? make('span', {class: 'bad'}, ', never complete') : '',
      attempt.tells ? ': ' + attempt.tells : '',
      ...attempt.state.map(state => make('div', {class: 'mono'}, 'state ' + state.operator_id +
        '/' + state.partition + ': ' + state.files.join(', ') + ' (' + state.keys.length +
        ' keys changed)'))));
    const deliveries = batch.deliveries.map(delivery => make('div', {},
      make('span', {}, this.at(delivery.at_ns), ' ' + (delivery.rows.length +
        delivery.rows_left_out) + ' rows', delivery.attempt ? ' of ' + delivery.attempt : ''),
      this.some(delivery.rows, 12, row => make('code', {}, row)),
      delivery.rows_left_out
        ? make('p', {class: 'hint'}, delivery.rows_left_out + ' more rows are left out') : null));
    this.details(make('h2', {}, batch.title),
      this.list([['definition', batch.definition], ['defined', this.at(batch.defined_ns)],
        ['superseded', batch.superseded_ns < 0 ? '' : this.at(batch.superseded_ns)],
        ['committed', batch.committed_ns.length ? this.at(batch.committed_ns[0]) : 'never'],
        ['took', batch.end < 0 ? '' : formatLength(batch.end - batch.begin)]]),
      make('h3', {}, 'input (' + batch.input.length + ')'),
      this.some(batch.input, 8, piece => make('code', {}, piece)),
      make('h3', {}, 'attempts (' + batch.attempts.length + ')'), make('ol', {}, ...attempts),
      make('h3', {}, 'deliveries (' + batch.deliveries.length + ')'), ...deliveries);
  }

  violation(violation) {
    this.details(make('h2', {class: 'bad'}, violation.kind),
      make('p', {}, violation.what),
      this.list([['first seen', this.at(violation.when_ns)],
        ['after step', violation.step]]),
      violation.records.length
        ? make('h3', {}, 'records (' + violation.records.length + ')') : null,
      this.some(violation.records, 20, name => this.jump(name, () => this.go.record(name))));
  }

  band(band) {
    this.details(make('h2', {}, band.kind), make('p', {}, band.text),
      this.list([['on', band.where], ['and', band.peer], ['from', this.at(band.span.begin_ns)],
        ['until', band.span.end_ns < 0 ? 'the end' : this.at(band.span.end_ns)]]));
  }

  life(life) {
    this.details(make('h2', {}, life.label),
      this.list([['machine', life.machine], ['nodes', life.nodes.join(', ')],
        ['starts', this.at(life.begin_ns)],
        [life.end || 'ends', life.end_ns < 0 ? 'lives on' : this.at(life.end_ns)],
        ...life.pauses.map(pause => ['paused', this.at(pause.begin_ns)])]));
  }

  // From the source to every delivery.
  record(name) {
    const way = this.ways.of(name);
    if (!way) {
      this.details(make('h2', {}, name),
        make('p', {}, 'Neither the source nor an output has this word.'));
      return;
    }
    const {source, batches} = this.model;
    const step = (title, items) => [make('h3', {}, title), items];
    const chain = text => make('span', {class: 'hint'}, text);
    this.details(make('h2', {}, 'The way of ' + name),
      make('p', {id: 'way-sum'}, 'given ' + way.given.length + '×, in ' + way.takenIn.length +
        (way.takenIn.length === 1 ? ' batch' : ' batches') + ', delivered in ' + way.rows.length +
        (way.rows.length === 1 ? ' row' : ' rows')),
      ...step('source', this.some(way.given, 6, ({piece, number, line}) => make('span', {},
        this.at(source[piece].at_ns), ' ', make('code', {}, source[piece].name + ' line ' +
          (number + 1) + ': ' + line)))),
      ...step('batches', way.unknownBatch
        ? chain('Which lines a block of a socket holds is not in the report.')
        : this.some(way.takenIn, 6, batch => make('span', {},
          this.jump(batch.title, () => this.go.batch(batch)), ' defined ',
          this.at(batch.defined_ns)))),
      ...step('tasks of these batches', this.some(way.tasks, 6, ({lane, task}) => make('span', {},
        this.jump(task.title, () => this.go.event(task.event)), ' attempt ' + task.attempt +
          ' on ' + lane.name + (task.cut ? ', cut off' : '')))),
      ...step('state', way.states.length
        ? this.some(way.states, 6, ({batch, attempt, state}) => {
          const of = batches[batch].attempts[attempt];
          const left = of.state[state];
          return make('span', {}, this.at(of.seen_ns), ' ' + batches[batch].title + ': operator ' +
            left.operator_id + ' partition ' + left.partition + ', ' + left.files.slice(-1));
        })
        : chain('No state of a key with this word was seen.')),
      ...step('commits', this.some(way.takenIn, 6, batch => make('span', {}, batch.title + ' ',
        batch.committed_ns.length ? this.at(batch.committed_ns[0]) : 'never'))),
      ...step('deliveries', way.rows.length
        ? this.some(way.rows, 12, ({batch, delivery, row}) => {
          const out = batches[batch].deliveries[delivery];
          return make('span', {}, this.at(out.at_ns), ' ',
            this.jump(batches[batch].title, () => this.go.batch(batches[batch])), ' ',
            make('code', {}, row), out.attempt ? ' of ' + out.attempt : '');
        })
        : make('p', {class: 'bad'}, 'It came out nowhere.')));
  }

  // A table of pages; `rows` gives the cells of one of them.
  table(id, heads, count, rowOf, first = 0) {
    const body = make('tbody', {});
    const words = make('span', {});
    const show = from => {
      first = Math.max(0, Math.min(from, Math.floor((count - 1) / ROWS_PAGE) * ROWS_PAGE));
      const last = Math.min(count, first + ROWS_PAGE);
      const rows = [];
      for (let at = first; at < last; ++at) rows.push(rowOf(at));
      body.replaceChildren(...rows);
      words.textContent = count ? (first + 1) + '–' + last + ' of ' + count : 'none';
    };
    show(Math.floor(first / ROWS_PAGE) * ROWS_PAGE);
    const move = (text, by) => make('button', {type: 'button', onclick: () => show(first + by)},
      text);
    this.elements.panel.replaceChildren(
      make('div', {class: 'pages'}, words, ...(count > ROWS_PAGE
        ? [move('← before', -ROWS_PAGE), move('after →', ROWS_PAGE)] : [])),
      make('div', {class: 'rows'}, make('table', {id},
        make('thead', {}, make('tr', {}, ...heads.map(head => make('th', {}, head)))), body)));
    return body;
  }

  batchTable() {
    const {batches} = this.model;
    const time = times => make('td', {class: 'time'},
      ...(times.length ? times.map(each => make('div', {}, this.at(each))) : ['never']));
    this.table('batch-table', ['batch', 'definition', 'input', 'defined', 'attempts', 'committed',
      'deliveries', 'took'], batches.length, at => {
      const batch = batches[at];
      return make('tr', {'data-batch': at}, make('td', {},
        this.jump(batch.title, () => this.go.batch(batch))),
      make('td', {}, batch.definition + (batch.superseded_ns >= 0 ? ' (superseded)' : '')),
      make('td', {}, String(batch.input.length)),
      time(batch.defined_ns < 0 ? [] : [batch.defined_ns]),
      make('td', {}, ...batch.attempts.map(attempt => make('div', {}, attempt.name + ' ',
        this.at(attempt.seen_ns), attempt.complete_ns < 0 ? ' never complete' : ''))),
      time(batch.committed_ns),
      make('td', {}, ...(batch.deliveries.length ? batch.deliveries.map(out => make('div', {},
        (out.rows.length + out.rows_left_out) + ' rows ', this.at(out.at_ns))) : ['none'])),
      make('td', {class: 'time'}, batch.end < 0 ? 'open' : formatLength(batch.end - batch.begin)));
    });
  }

  recordTable() {
    const names = this.ways.names();
    this.table('record-table', ['record', 'given', 'batches', 'state', 'rows delivered', ''],
      names.length, at => {
        const way = this.ways.of(names[at]);
        return make('tr', {}, make('td', {}, this.jump(names[at], () => this.go.record(names[at]))),
          make('td', {}, String(way.given.length)),
          make('td', {}, ...way.takenIn.flatMap((batch, nth) => [nth ? ', ' : '',
            this.jump(batch.name, () => this.go.batch(batch))])),
          make('td', {}, String(way.states.length)),
          make('td', {}, String(way.rows.length)),
          make('td', {class: way.rows.length ? '' : 'bad'}, way.rows.length ? '' : 'nowhere'));
      });
  }

  // Of the events that are searched for, or of all.
  eventTable(matches, chosen) {
    const {events} = this.model;
    const count = matches ? matches.length : events.count;
    const at = chosen === undefined ? 0 : matches ? lowerBound(matches, chosen) : chosen;
    this.table('event-table', ['time', 'who', 'kind', 'what'], count, place => {
      const i = matches ? matches[place] : place;
      const marked = events.kindName(i) === 'fault';
      return make('tr', {'data-event': i,
        class: (i === chosen ? 'chosen ' : '') + (marked ? 'marked' : '')},
      make('td', {class: 'time'}, this.jump(formatTime(events.time[i]), () => this.go.event(i))),
      make('td', {}, events.whoName(i)), make('td', {}, events.kindName(i)),
      make('td', {}, events.text(i)));
    }, Math.min(at, count));
  }

  lifeTable() {
    const {lives} = this.model;
    this.table('life-table', ['incarnation', 'machine', 'nodes', 'starts', 'ends', 'how', 'pauses'],
      lives.length, at => {
        const life = lives[at];
        return make('tr', {}, make('td', {}, this.jump(life.label, () => this.go.life(life))),
          make('td', {}, life.machine), make('td', {}, life.nodes.join(', ')),
          make('td', {class: 'time'}, this.at(life.begin_ns)),
          make('td', {class: 'time'}, life.end_ns < 0 ? '' : this.at(life.end_ns)),
          make('td', {}, life.end), make('td', {}, String(life.pauses.length)));
      });
  }
}
