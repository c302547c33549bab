// Puts the page together: the head, the tools, what is chosen, and the address that leads back to
// it ("#t=0-5000000&e=12&q=sync").

class App {
  constructor(data) {
    this.model = new Model(data);
    this.ways = new Ways(this.model);
    const go = {
      event: i => this.choose({event: i}, true), batch: batch => this.choose({batch}, true),
      record: name => this.choose({record: name}), life: life => this.choose({life}, true),
      time: time => this.goTo(time),
    };
    this.panels = new Panels(this.model, this.ways,
      {details: byId('details'), panel: byId('panel')}, go);
    this.head();
    chooseTheme(() => {
      if (!this.timeline) return;
      this.timeline.readColours();
      this.timeline.draw();
    });
    this.timeline = new Timeline(this.model, {lanes: byId('lanes'), axis: byId('axis'),
      scroll: byId('scroll'), tip: byId('tip')}, hit => this.choose(hit), () => this.remember());
    this.gestures = new Gestures(this.timeline);
    this.kindChips();
    this.nodeFilter();
    this.buttons();
    this.keys();
    this.tabs();
    this.legend();
    this.panels.nothing();
    this.recall();
    new ResizeObserver(() => this.timeline.layOut()).observe(byId('scroll'));
  }

  head() {
    const {run} = this.model;
    byId('verdict').textContent = run.verdict;
    byId('verdict').classList.add(run.verdict);
    byId('name').textContent = run.scenario;
    const {records} = run;
    byId('facts').textContent = ['seed ' + run.seed, run.events + ' events',
      +run.virtual_seconds.toFixed(6) + ' virtual s', 'trace ' + run.trace_hash,
      records ? Object.entries(records).map(([name, count]) => count + ' ' + name).join(', ')
        : ''].filter(word => word).join(' · ');
    byId('claim').textContent = run.claim;
    for (const reason of run.reasons) byId('reasons').append(make('li', {}, reason));
    for (const word of ['unjudged', 'ended_by']) {
      if (run[word]) {
        byId('claim').append(make('div', {}, word.replace('_', ' ') + ': ' + run[word]));
      }
    }
    for (const violation of this.model.violations) {
      byId('violations').append(make('div', {class: 'violation-box'},
        make('span', {class: 'kind'}, violation.kind), ' at ',
        this.panels.jump(formatTime(violation.when_ns), () => this.choose({violation}, true)),
        ': ' + violation.what + ' ',
        ...violation.records.slice(0, 8).flatMap(name => [' ',
          this.panels.jump(name, () => this.choose({record: name}))])));
    }
  }

  kindChips() {
    KINDS.forEach((kind, at) => {
      const count = this.model.counts[at];
      if (!count) return;
      const swatch = make('span', {class: 'swatch', style: 'background:var(--' + kind + ')'});
      const chip = make('button', {type: 'button', 'aria-pressed': 'true', 'data-kind': kind},
        swatch, kind + ' ' + count);
      chip.addEventListener('click', () => {
        const shown = this.timeline.shownKinds[at] = !this.timeline.shownKinds[at];
        chip.setAttribute('aria-pressed', shown);
        this.timeline.draw();
      });
      byId('kinds').append(chip);
    });
  }

  nodeFilter() {
    const boxes = [];
    const apply = () => {
      this.timeline.hiddenLanes = new Set(
        boxes.filter(box => !box.checked).map(box => box.value));
      this.timeline.layOut();
    };
    const all = checked => make('button', {type: 'button', onclick: () => {
      for (const box of boxes) box.checked = checked;
      apply();
    }}, checked ? 'all' : 'none');
    byId('nodes').append(all(true), ' ', all(false));
    for (const lane of this.model.lanes) {
      const box = make('input', {type: 'checkbox', value: lane.key});
      box.checked = true;
      box.addEventListener('change', apply);
      boxes.push(box);
      byId('nodes').append(make('label', {}, box,
        (lane.isMachine ? 'machine ' : '') + lane.name + ' (' + lane.events.length + ')'));
    }
  }

  buttons() {
    const timeline = this.timeline;
    const on = (id, action) => byId(id).addEventListener('click', action);
    on('zoom-in', () => timeline.zoom(.5));
    on('zoom-out', () => timeline.zoom(2));
    on('pan-left', () => timeline.pan(-.3));
    on('pan-right', () => timeline.pan(.3));
    on('fit', () => timeline.fit());
    on('next', () => this.step(1));
    on('previous', () => this.step(-1));
    let waiting = 0;
    byId('search').addEventListener('input', () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => this.search(byId('search').value), 120);
    });
  }

  search(query) {
    this.query = query;
    this.matches = query.trim() ? this.model.events.find(query) : null;
    this.timeline.matches = this.matches;
    byId('found').textContent = this.matches ? this.matches.length + ' found' : '';
    this.timeline.draw();
    if (this.tab === 'events' || this.matches) this.show('events');
    this.remember();
  }

  // To the next match, or the one before.
  step(by) {
    if (!this.matches || !this.matches.length) return;
    const now = this.chosen && this.chosen.event !== undefined ? this.chosen.event : -1;
    let at = lowerBound(this.matches, now);
    if (by < 0) at -= 1;
    else if (this.matches[at] === now) at += 1;
    const count = this.matches.length;
    at = (at + count) % count;
    this.choose({event: this.matches[at]}, true);
    byId('found').textContent = (at + 1) + ' of ' + count;
  }

  keys() {
    document.addEventListener('keydown', event => {
      const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
      if (event.key === 'Escape') {
        if (typing) event.target.blur();
        byId('node-filter').open = false;
        return this.choose(null);
      }
      if (typing && event.key === 'Enter') return this.step(event.shiftKey ? -1 : 1);
      if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === '/') byId('search').focus();
      else if (event.key === 'n') this.step(1);
      else if (event.key === 'p') this.step(-1);
      else if (!this.gestures.key(event)) return;
      event.preventDefault();
    });
  }

  // `hit` says what; `lead` brings it into view.
  choose(hit, lead = false) {
    const {events} = this.model;
    this.chosen = hit;
    this.timeline.chosen = hit;
    if (!hit) {
      this.panels.nothing();
    } else if (hit.event !== undefined) {
      hit.time = events.time[hit.event];
      this.panels.event(hit.event);
      if (this.tab === 'events') this.show('events');
    } else if (hit.violation) {
      hit.time = hit.violation.when_ns;
      this.panels.violation(hit.violation);
    } else if (hit.batch) {
      this.panels.batch(hit.batch);
    } else if (hit.record !== undefined) {
      this.panels.record(hit.record);
    } else if (hit.band) {
      this.panels.band(hit.band);
    } else {
      this.panels.life(hit.life);
    }
    if (hit && lead) this.lead(hit);
    this.timeline.draw();
    this.remember();
  }

  lead(hit) {
    const timeline = this.timeline;
    if (hit.time !== undefined) {
      if (hit.time < timeline.begin || hit.time > timeline.end) timeline.show(hit.time);
      else if (hit.violation) timeline.show(hit.time);
    } else {
      const begin = hit.batch ? hit.batch.begin : hit.life.begin_ns;
      const last = hit.batch ? hit.batch.end : hit.life.end_ns;
      const end = last < 0 ? this.model.end : last;
      const margin = Math.max(1000, (end - begin) * .15);
      timeline.view(begin - margin, end + margin);
    }
    if (hit.event === undefined) return;
    const lane = this.model.lanes[this.model.laneIndex[hit.event]];
    const scroll = timeline.scroll;
    const below = lane.y + lane.height > scroll.scrollTop + scroll.clientHeight;
    if (lane.y < scroll.scrollTop || below) {
      scroll.scrollTop = lane.y - scroll.clientHeight / 2;
    }
  }

  goTo(time) {
    this.chosen = this.timeline.chosen = {...this.chosen, time};
    this.timeline.show(time);
    this.remember();
  }

  tabs() {
    this.views = {
      batches: () => this.panels.batchTable(), records: () => this.panels.recordTable(),
      events: () => this.panels.eventTable(this.matches, this.chosen ? this.chosen.event
        : undefined),
      nodes: () => this.panels.lifeTable(),
    };
    const counts = {batches: this.model.batches.length, events: this.model.events.count,
      nodes: this.model.lives.length, records: ''};
    for (const name of Object.keys(this.views)) {
      byId('tabs').append(make('button', {type: 'button', role: 'tab', 'data-tab': name,
        onclick: () => this.show(name)}, name + ' ' + counts[name]));
    }
    this.show(this.model.batches.length ? 'batches' : 'nodes');
  }

  show(name) {
    this.tab = name;
    for (const button of byId('tabs').children) {
      button.setAttribute('aria-selected', button.dataset.tab === name);
    }
    this.views[name]();
  }

  legend() {
    byId('legend').textContent = 'Lanes are nodes; a box is an incarnation, a cross its crash, a ' +
      'blue box a task, a green one a batch with its attempts, deliveries and commits as ticks; ' +
      'below the middle of a lane stand disk calls and syncs; bands are faults while they last.';
  }

  remember() {
    if (!this.timeline || !this.gestures) return;
    clearTimeout(this.remembering);
    this.remembering = setTimeout(() => {
      const words = ['t=' + Math.round(this.timeline.begin) + '-' + Math.round(this.timeline.end)];
      const chosen = this.chosen || {};
      if (chosen.event !== undefined) words.push('e=' + chosen.event);
      if (chosen.batch) words.push('b=' + chosen.batch.index);
      if (chosen.record !== undefined) words.push('r=' + encodeURIComponent(chosen.record));
      if (this.query) words.push('q=' + encodeURIComponent(this.query));
      try { history.replaceState(null, '', '#' + words.join('&')); } catch { /* no history */ }
    }, 250);
  }

  recall() {
    const asked = new URLSearchParams(location.hash.slice(1));
    if (asked.get('q')) {
      byId('search').value = asked.get('q');
      this.search(asked.get('q'));
    }
    const event = Number(asked.get('e') || NaN);
    const batch = this.model.batches[Number(asked.get('b') || NaN)];
    if (event >= 0 && event < this.model.events.count) this.choose({event});
    if (batch) this.choose({batch});
    if (asked.has('r')) this.choose({record: asked.get('r')});
    if (asked.get('tab') in this.views) this.show(asked.get('tab'));
    const span = /^(-?\d+)-(\d+)$/.exec(asked.get('t') || '');
    if (span) this.timeline.view(+span[1], +span[2]);
  }
}

// The head is painted before the data is read. For tests and consoles: window.wavetank.
requestAnimationFrame(() => setTimeout(() => {
  window.wavetank = new App(JSON.parse(byId('data').textContent));
  window.wavetank.readyMs = performance.now();
}, 0));
