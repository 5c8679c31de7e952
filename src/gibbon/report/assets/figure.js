'use strict';
// Fills the page of an experiment: its text, one card a chart, one card a table.
(() => {
  const { html, format, isNumber } = charts;
  const data = JSON.parse(document.getElementById('data').textContent);
  const palette = ['blue', 'orange', 'green', 'red', 'purple', 'sky', 'black', 'yellow'].map(name => `var(--${name})`);
  const dashes = [null, '7 4', '2 3'];

  /** A dashed series is a bound of the one before it and takes its colour. */
  function styled(series) {
    let number = -1;
    return series.map(one => {
      if (!one.dashed) ++number;
      return { ...one, color: palette[number % palette.length], line: true, shape: 'dot', size: 3.6, filled: true, opacity: 0.8,
        dash: one.dashed ? '1 4' : dashes[Math.floor(number / palette.length) % dashes.length] };
    });
  }

  function drawLines(host, width, chart, series) {
    charts.lines(host, width, { series, x: chart.x, y: chart.y, height: 380, label: chart.title, nothing: 'No figures.' });
  }

  function drawScatter(host, width, chart, series) {
    const points = series.flatMap(one => one.points.map(([x, y]) => ({ x, y, kind: one, title: one.name,
      pairs: [[chart.x.label, format(x)], [chart.y.label, format(y)]] })));
    charts.scatter(host, width, { points, x: chart.x, y: chart.y, height: 420, label: chart.title, nothing: 'No figures.' });
  }

  function chartCard(chart) {
    const series = styled(chart.series);
    const legend = html('div', { class: 'legend' }), host = html('div', { class: 'chart' });
    const isLines = chart.kind === 'lines';
    charts.legend(legend, series.filter(one => !one.dashed).map(one => ({ ...one, line: isLines })));
    document.getElementById('cards').append(html('section', { class: 'card full' },
      html('div', { class: 'card-head' }, html('h2', {}, chart.title)), legend, host));
    charts.keepDrawn(host, width => (isLines ? drawLines : drawScatter)(host, width, chart, series));
  }

  const shown = cell => isNumber(cell) ? format(cell) : cell === null ? '–' : String(cell);
  function tableCard(table) {
    const left = table.columns.map((_, i) => table.rows.some(row => typeof row[i] === 'string') ? { class: 'left' } : {});
    document.getElementById('cards').append(html('section', { class: 'card full' },
      html('div', { class: 'card-head' }, html('h2', {}, table.title)),
      html('div', { class: 'scroll' }, html('table', {},
        html('thead', {}, html('tr', {}, table.columns.map((name, i) => html('th', left[i], name.replace(/_/g, ' '))))),
        html('tbody', {}, table.rows.map(row => html('tr', {}, row.map((cell, i) => html('td', left[i], shown(cell))))))))));
  }

  document.title = data.title;
  document.getElementById('title').textContent = data.title;
  document.getElementById('text').append(...data.text.map(paragraph => html('p', { class: 'note' }, paragraph)));
  data.charts.forEach(chartCard);
  data.tables.forEach(tableCard);
})();
