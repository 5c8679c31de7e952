'use strict';
// Small drawing kit: elements, scales, axes, a tooltip and the four kinds of chart of the report.
// Text only ever enters the page as text nodes, so that no name can become markup.
const charts = (() => {
  const svgSpace = document.getElementById('logo').namespaceURI;

  function add(node, attributes, children) {
    for (const [key, value] of Object.entries(attributes || {})) {
      if (key === 'on') for (const [event, handler] of Object.entries(value)) node.addEventListener(event, handler);
      else if (value !== null && value !== undefined) node.setAttribute(key, value);
    }
    for (const child of children.flat()) {
      if (child !== null && child !== undefined) node.append(child);
    }
    return node;
  }
  const html = (tag, attributes, ...children) => add(document.createElement(tag), attributes, children);
  const svg = (tag, attributes, ...children) => add(document.createElementNS(svgSpace, tag), attributes, children);

  const isNumber = value => typeof value === 'number' && Number.isFinite(value);

  /** Four significant digits, thin spaces between thousands. */
  function format(value) {
    if (!isNumber(value)) return '–';
    if (value === 0) return '0';
    const size = Math.abs(value);
    if (size >= 1e7 || size < 1e-4) return value.toExponential(2).replace('e+', 'e');
    if (size >= 1e4) return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, '\u2009');
    return String(Number(value.toPrecision(4)));
  }

  function duration(seconds) {
    if (!isNumber(seconds)) return '–';
    if (seconds < 60) return seconds.toFixed(seconds < 10 ? 1 : 0) + ' s';
    const whole = Math.round(seconds);
    const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
    return h > 0 ? `${h} h ${m} min` : `${m} min ${s} s`;
  }

  function niceTicks(low, high, count) {
    const rough = (high - low) / Math.max(1, count);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].find(s => s * power >= rough) * power;
    const ticks = [];
    for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; ++i) {
      ticks.push(Number((i * step).toPrecision(12)));
    }
    return ticks;
  }

  function logTicks(low, high) {
    const all = [];
    const decades = Math.log10(high / low);
    const digits = decades > 3 ? [1] : decades > 1.2 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
    for (let p = Math.floor(Math.log10(low)); p <= Math.ceil(Math.log10(high)); ++p) {
      for (const digit of digits) {
        const tick = Number((digit * 10 ** p).toPrecision(6));
        if (tick >= low * 0.9999 && tick <= high * 1.0001) all.push(tick);
      }
    }
    return all;
  }

  /** Bounds with a margin; a log axis ignores what is not positive. */
  function bounds(values, log) {
    const usable = values.filter(v => isNumber(v) && (!log || v > 0));
    if (usable.length === 0) return null;
    let low = usable.reduce((a, b) => Math.min(a, b));
    let high = usable.reduce((a, b) => Math.max(a, b));
    if (log) {
      const margin = Math.max((high / low) ** 0.06, 1.03);
      return [low / margin, high * margin];
    }
    const margin = (high - low) * 0.06 || Math.abs(high) * 0.05 || 1;
    return [low - margin, high + margin];
  }

  function scale([low, high], log, from, to) {
    const position = log
      ? v => Math.log(v / low) / Math.log(high / low)
      : v => (v - low) / (high - low);
    return v => from + position(v) * (to - from);
  }

  const tip = document.getElementById('tip');
  function showTip(event, title, pairs) {
    tip.replaceChildren(html('b', {}, title),
      ...pairs.map(([name, value]) => html('div', {}, html('span', {}, name), html('span', {}, value))));
    const box = tip.getBoundingClientRect();
    const x = Math.min(event.clientX + 14, window.innerWidth - box.width - 8);
    const y = event.clientY + 16 + box.height > window.innerHeight ? event.clientY - box.height - 12 : event.clientY + 16;
    tip.style.transform = `translate(${Math.max(8, x)}px, ${Math.max(8, y)}px)`;
    tip.classList.add('on');
  }
  const hideTip = () => tip.classList.remove('on');

  /** Draws now and whenever the host's width changes. Returns a function that draws again. */
  function keepDrawn(host, draw) {
    let width = 0;
    const again = () => {
      width = host.clientWidth;
      host.replaceChildren();
      if (width > 0) draw(width);
    };
    new ResizeObserver(() => { if (host.clientWidth !== width) again(); }).observe(host);
    again();
    return again;
  }

  function empty(host, text) {
    host.append(html('div', { class: 'empty' }, text));
  }

  /** Axes with a grid; returns the drawing and its two scales. */
  function frame(host, width, height, x, y, label) {
    const yTicks = y.log ? logTicks(...y.bounds) : niceTicks(...y.bounds, height / 55);
    const widest = Math.max(...yTicks.map(t => format(t).length), 1);
    const left = 14 + 7.2 * widest, right = width - 10, top = 24, bottom = height - 40;
    const drawing = svg('svg', { viewBox: `0 0 ${width} ${height}`, height, role: 'img', 'aria-label': label });
    const sx = scale(x.bounds, x.log, left, right), sy = scale(y.bounds, y.log, bottom, top);
    for (const tick of yTicks) {
      drawing.append(svg('line', { class: 'grid', x1: left, x2: right, y1: sy(tick), y2: sy(tick) }),
        svg('text', { x: left - 7, y: sy(tick) + 4, 'text-anchor': 'end' }, format(tick)));
    }
    let free = -Infinity;
    for (const tick of x.log ? logTicks(...x.bounds) : niceTicks(...x.bounds, (right - left) / 90)) {
      if (x.whole && tick !== Math.round(tick)) continue;
      drawing.append(svg('line', { class: 'grid', x1: sx(tick), x2: sx(tick), y1: top, y2: bottom }));
      const half = format(tick).length * 3.6;
      if (sx(tick) - half < free) continue;
      free = sx(tick) + half + 8;
      drawing.append(svg('text', { x: sx(tick), y: bottom + 17, 'text-anchor': 'middle' }, format(tick)));
    }
    drawing.append(svg('line', { class: 'axis', x1: left, x2: right, y1: bottom, y2: bottom }),
      svg('text', { class: 'label', x: right, y: bottom + 35, 'text-anchor': 'end' }, x.label),
      svg('text', { class: 'label', x: 0, y: 12 }, y.label));
    host.append(drawing);
    return { drawing, sx, sy, left, right, top, bottom };
  }

  const shapes = {
    dot: (x, y, r) => svg('circle', { cx: x, cy: y, r }),
    cross: (x, y, r) => svg('path', { d: `M${x - r} ${y - r}L${x + r} ${y + r}M${x - r} ${y + r}L${x + r} ${y - r}` }),
    diamond: (x, y, r) => svg('path', { d: `M${x} ${y - r}L${x + r} ${y}L${x} ${y + r}L${x - r} ${y}Z` }),
  };
  function mark(kind, x, y) {
    const node = shapes[kind.shape](x, y, kind.size);
    const style = kind.filled
      ? { fill: kind.color, stroke: 'var(--card)', 'stroke-width': 1 }
      : { fill: 'none', stroke: kind.color, 'stroke-width': kind.stroke || 1.4 };
    return add(node, { ...style, opacity: kind.opacity || 1 }, []);
  }
  function legend(host, kinds) {
    host.replaceChildren(...kinds.map(kind => html('span', {},
      svg('svg', { width: 14, height: 14 }, kind.line
        ? svg('line', { x1: 0, x2: 14, y1: 7, y2: 7, stroke: kind.color, 'stroke-width': 2.4, 'stroke-dasharray': kind.dash })
        : kind.box ? svg('rect', { x: 2, y: 2, width: 10, height: 10, rx: 2, fill: kind.color })
          : mark({ ...kind, opacity: 1 }, 7, 7)), kind.name)));
  }

  /** Points [{x, y, kind, title, pairs, chosen, choose}]; the nearest to the pointer answers. */
  function scatter(host, width, options) {
    const points = options.points.filter(p => isNumber(p.x) && isNumber(p.y) &&
      (!options.x.log || p.x > 0) && (!options.y.log || p.y > 0));
    if (points.length === 0) return empty(host, options.nothing);
    let xBounds = bounds(points.map(p => p.x), options.x.log), yBounds = bounds(points.map(p => p.y), options.y.log);
    if (options.diagonal) {
      xBounds = yBounds = [Math.min(xBounds[0], yBounds[0]), Math.max(xBounds[1], yBounds[1])];
    }
    const height = options.height || Math.max(290, Math.min(600, width * 0.8));
    const plot = frame(host, width, height, { ...options.x, bounds: xBounds }, { ...options.y, bounds: yBounds }, options.label);
    if (options.diagonal) {
      plot.drawing.append(svg('line', { x1: plot.left, y1: plot.bottom, x2: plot.right, y2: plot.top, stroke: 'var(--faint)', 'stroke-dasharray': '4 4' }));
    }
    const place = point => [plot.sx(point.x), plot.sy(point.y)];
    for (const point of points) plot.drawing.append(mark(point.kind, ...place(point)));
    for (const point of points.filter(p => p.chosen)) {
      const [x, y] = place(point);
      plot.drawing.append(svg('circle', { cx: x, cy: y, r: point.kind.size + 5, fill: 'none', stroke: 'var(--ink)', 'stroke-width': 1.6 }));
    }
    const halo = svg('circle', { r: 0, fill: 'none', stroke: 'var(--ink)', 'stroke-width': 1.2, opacity: 0.6 });
    plot.drawing.append(halo);
    const nearest = event => {
      const box = plot.drawing.getBoundingClientRect();
      let best = null, distance = 22 ** 2;
      for (const point of points) {
        const [x, y] = place(point);
        const d = (x - event.clientX + box.left) ** 2 + (y - event.clientY + box.top) ** 2;
        if (d <= distance) [best, distance] = [point, d];
      }
      return best;
    };
    const leave = () => { halo.setAttribute('r', 0); hideTip(); plot.drawing.style.cursor = ''; };
    add(plot.drawing, { on: {
      pointermove: event => {
        const point = nearest(event);
        if (point === null) return leave();
        const [x, y] = place(point);
        add(halo, { cx: x, cy: y, r: point.kind.size + 3 }, []);
        plot.drawing.style.cursor = point.choose ? 'pointer' : '';
        showTip(event, point.title, point.pairs);
      },
      pointerleave: leave,
      click: event => { const point = nearest(event); if (point && point.choose) point.choose(); },
    } }, []);
  }

  /** Lines [{name, color, dash, points: [[x, y], ...]}]. */
  function lines(host, width, options) {
    const series = options.series.map(s => ({ ...s, points: s.points.filter(p => isNumber(p[0]) && isNumber(p[1])) }))
      .filter(s => s.points.length > 0);
    if (series.length === 0) return empty(host, options.nothing);
    const xs = series.flatMap(s => s.points.map(p => p[0])), ys = series.flatMap(s => s.points.map(p => p[1]));
    if (options.y.include !== undefined) ys.push(options.y.include);
    const xRange = [Math.min(...xs), Math.max(...xs)];
    if (xRange[0] === xRange[1]) { xRange[0] -= 1; xRange[1] += 1; }
    const plot = frame(host, width, options.height || 270, { ...options.x, bounds: xRange }, { ...options.y, bounds: bounds(ys, false) }, options.label);
    for (const s of series) {
      const path = s.points.map((p, i) => `${i ? 'L' : 'M'}${plot.sx(p[0])} ${plot.sy(p[1])}`).join('');
      plot.drawing.append(svg('path', { d: path, fill: 'none', stroke: s.color, 'stroke-width': 2, 'stroke-linejoin': 'round', 'stroke-dasharray': s.dash }));
      if (s.points.length < 40) {
        for (const p of s.points) plot.drawing.append(svg('circle', { cx: plot.sx(p[0]), cy: plot.sy(p[1]), r: 2.6, fill: s.color }));
      }
    }
    const rule = svg('line', { y1: plot.top, y2: plot.bottom, x1: 0, x2: 0, opacity: 0, stroke: 'var(--faint)' });
    plot.drawing.append(rule);
    const all = [...new Set(xs)].sort((a, b) => a - b);
    add(plot.drawing, { on: {
      pointermove: event => {
        const at = event.clientX - plot.drawing.getBoundingClientRect().left;
        const x = all.reduce((a, b) => Math.abs(plot.sx(b) - at) < Math.abs(plot.sx(a) - at) ? b : a);
        add(rule, { x1: plot.sx(x), x2: plot.sx(x), opacity: 1 }, []);
        const found = series.map(s => [s.name, s.points.find(p => p[0] === x)]).filter(([, p]) => p)
          .sort((a, b) => b[1][1] - a[1][1]);
        showTip(event, `${options.x.label} ${format(x)}`, found.map(([name, p]) => [name, format(p[1])]));
      },
      pointerleave: () => { add(rule, { opacity: 0 }, []); hideTip(); },
    } }, []);
  }

  /** Rows [{name, note, parts: [{name, value, color}]}] as stacked horizontal bars. */
  function bars(host, width, options) {
    const rows = options.rows.map(row => ({ ...row, total: row.parts.reduce((sum, p) => sum + (p.value || 0), 0) }));
    const most = Math.max(...rows.map(row => row.total), 0);
    const all = rows.reduce((sum, row) => sum + row.total, 0);
    if (!(most > 0)) return empty(host, options.nothing);
    const limit = Math.max(17, Math.floor(width / 26));
    const short = name => name.length > limit ? name.slice(0, limit - 1) + '…' : name;
    const left = Math.max(...rows.map(row => short(row.name).length)) * 7.2 + 10;
    const right = width - Math.max(...rows.map(row => row.note.length)) * 7 - 12;
    const step = 25, height = rows.length * step + 4;
    const drawing = svg('svg', { viewBox: `0 0 ${width} ${height}`, height, role: 'img', 'aria-label': options.label });
    rows.forEach((row, i) => {
      const y = i * step + 4;
      drawing.append(svg('text', { class: 'label', x: 0, y: y + 13 }, short(row.name)));
      let x = left;
      for (const part of row.parts.filter(p => p.value > 0)) {
        const w = part.value / most * (right - left);
        drawing.append(svg('rect', { x, y, width: Math.max(w - (w > 3 ? 1 : 0), 0.5), height: step - 7,  fill: part.color, on: {
          pointermove: event => showTip(event, row.name, [[part.name, `${format(part.value)} ${options.unit}`],
            [options.share || 'share of the row', `${(100 * part.value / (options.share ? all : row.total)).toFixed(1)} %`]]),
          pointerleave: hideTip } }));
        x += w;
      }
      drawing.append(svg('text', { x: x + 7, y: y + 13 }, row.note));
    });
    host.append(drawing);
  }

  return { html, svg, format, duration, isNumber, keepDrawn, legend, scatter, lines, bars, empty };
})();
