// The index of many runs: a row a run, with a link to its page.

const runs = JSON.parse(byId('data').textContent).runs;
const order = ['nondeterministic', 'violation', 'stalled', 'inconclusive', 'pass'];
const shown = new Set(order);

function recordWords(records) {
  if (!records) return '';
  return Object.entries(records).filter(([, count]) => count)
    .map(([name, count]) => count + ' ' + name).join(', ');
}

function row(run) {
  const page = run.page.split('/').map(encodeURIComponent).join('/');
  const name = page ? make('a', {href: page}, run.scenario) : run.scenario;
  const reasons = run.reasons.map(reason => make('div', {class: 'bad'}, reason));
  const violations = run.violations.map(each => make('div', {}, each.kind + ' at ' +
    each.when.toFixed(6) + ' s: ' + each.what));
  return make('tr', {'data-run': run.scenario},
    make('td', {}, make('span', {class: 'verdict ' + run.verdict}, run.verdict)),
    make('td', {}, name, make('div', {class: 'hint'}, run.claim)),
    make('td', {}, String(run.seed)),
    make('td', {}, String(run.events)),
    make('td', {}, run.virtual_seconds.toFixed(3)),
    make('td', {}, recordWords(run.records)),
    make('td', {}, ...reasons, ...violations));
}

function draw() {
  const words = byId('search').value.toLowerCase().split(/\s+/).filter(word => word);
  const wanted = runs.filter(run => shown.has(run.verdict) &&
    words.every(word => (run.scenario + ' ' + run.claim).toLowerCase().includes(word)));
  wanted.sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  const heads = ['verdict', 'scenario', 'seed', 'events', 'virtual s', 'records', 'found'];
  byId('panel').replaceChildren(make('table', {id: 'runs'},
    make('thead', {}, make('tr', {}, ...heads.map(head => make('th', {}, head)))),
    make('tbody', {}, ...wanted.map(row))));
}

function totals() {
  const sum = of => runs.reduce((all, run) => all + of(run), 0);
  const passed = runs.filter(run => run.verdict === 'pass').length;
  const told = runs.filter(run => run.records);
  const counts = ['once', 'duplicated', 'lost', 'phantom', 'reordered'].map(name => name + ' ' +
    told.reduce((all, run) => all + run.records[name], 0));
  byId('totals').textContent = [runs.length + ' runs', passed + ' passed',
    sum(run => run.violations.length) + ' violations seen', sum(run => run.events) + ' events',
    sum(run => run.virtual_seconds).toFixed(1) + ' virtual s', 'records: ' + counts.join(', ')]
    .join(' · ');
}

for (const verdict of order) {
  const count = runs.filter(run => run.verdict === verdict).length;
  if (!count) continue;
  const chip = make('button', {type: 'button', 'aria-pressed': 'true', 'data-verdict': verdict},
    verdict + ' ' + count);
  chip.addEventListener('click', () => {
    if (!shown.delete(verdict)) shown.add(verdict);
    chip.setAttribute('aria-pressed', shown.has(verdict));
    draw();
  });
  byId('verdicts').append(chip);
}
byId('search').addEventListener('input', draw);
chooseTheme();
totals();
draw();
