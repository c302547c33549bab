// Above the lanes: which part of the run is in view, the violations by kind, and time.

function drawAxis(timeline) {
  const pen = timeline.axis.getContext('2d');
  const c = timeline.colours;
  pen.clearRect(0, 0, timeline.width, AXIS);
  pen.font = '11px ui-monospace, monospace';
  pen.textBaseline = 'middle';
  const span = timeline.end - timeline.begin;
  const wanted = span / Math.max(2, (timeline.width - timeline.gutter) / 110);
  const power = Math.pow(10, Math.floor(Math.log10(wanted)));
  const unit = [1, 2, 5, 10].find(step => step * power >= wanted) * power;
  const digits = Math.min(9, Math.max(0, 9 - Math.floor(Math.log10(unit) + 1e-9)));
  for (let time = Math.ceil(timeline.begin / unit) * unit; time <= timeline.end; time += unit) {
    const x = timeline.x(time);
    if (x < timeline.gutter || time < 0) continue;
    pen.fillStyle = c.line;
    pen.fillRect(x, AXIS - 8, 1, 8);
    pen.fillStyle = c.soft;
    const text = (time / 1e9).toFixed(digits) + ' s';
    if (x + 4 + pen.measureText(text).width < timeline.width) pen.fillText(text, x + 3, AXIS - 9);
  }
  pen.fillStyle = c.soft;
  const length = formatLength(Math.round(span));
  pen.fillText(timeline.cut(pen, length, timeline.gutter - 12), 8, AXIS - 9);
  drawFlags(pen, timeline);
  drawOverview(pen, timeline);
}

// Violations by kind, above the axis.
function drawFlags(pen, timeline) {
  if (!timeline.shownKinds[0]) return;
  let edge = -1;
  for (const violation of timeline.model.violations) {
    const x = timeline.x(violation.when_ns);
    if (x < timeline.gutter || x > timeline.width) continue;
    pen.fillStyle = timeline.colours.violation;
    pen.fillRect(x - 1, 9, 2, AXIS - 9);
    const width = pen.measureText(violation.kind).width + 10;
    const left = Math.min(x, timeline.width - width);
    if (left < edge) continue;
    edge = left + width;
    pen.fillRect(left - 1, 9, width, 16);
    pen.fillStyle = timeline.colours.panel;
    pen.fillText(violation.kind, left + 4, 17.5);
  }
}

// Which part of the run is in view.
function drawOverview(pen, timeline) {
  const c = timeline.colours;
  const width = timeline.width - timeline.gutter;
  pen.fillStyle = c.line;
  pen.fillRect(timeline.gutter, 3, width, 3);
  const left = Math.max(0, timeline.begin / timeline.model.end);
  const right = Math.min(1, timeline.end / timeline.model.end);
  pen.fillStyle = c.accent;
  pen.fillRect(timeline.gutter + left * width, 2, Math.max(3, (right - left) * width), 5);
}
