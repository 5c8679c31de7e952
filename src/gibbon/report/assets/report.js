'use strict';
// Fills the page from the run's data; what can be chosen lives in `state`, and choosing draws again.
(() => {
  const { html, format, duration, isNumber } = charts;
  const data = JSON.parse(document.getElementById('data').textContent);
  const { facts, candidates, iterations, finals, timings } = data;
  const at = id => document.getElementById(id);
  const count = candidates.genome.length;
  const state = { chosen: finals.length > 0 ? { final: 0 } : null };

  const metrics = {
    accuracy_top1: { name: 'Accuracy', unit: '%', better: 1 },
    latency_ms: { name: 'Latency', unit: 'ms', better: -1 },
    energy_mj: { name: 'Energy', unit: 'mJ', better: -1 },
    edp_ms_mj: { name: 'EDP', unit: 'ms × mJ', better: -1 },
    area_mm2: { name: 'Area', unit: 'mm²', better: -1 },
    power_w: { name: 'Power', unit: 'W', better: -1 },
  };
  const keys = Object.keys(metrics);
  const titled = key => `${metrics[key].name} (${metrics[key].unit})`;
  const inText = key => (key === 'edp_ms_mj' ? titled(key) : titled(key)[0].toLowerCase() + titled(key).slice(1));
  const withUnit = (key, value) => `${format(value)} ${metrics[key].unit}`;
  const words = name => name.replace(/[_.]/g, ' ');
  const toHundredths = value => isNumber(value) ? value.toFixed(2) : '–';
  const plural = (n, word) => `${format(n)} ${word}${n === 1 ? '' : 's'}`;

  // Okabe-Ito colours; parts that work alike share a hue.
  const palette = ['var(--blue)', 'var(--orange)', 'var(--green)', 'var(--red)', 'var(--purple)', 'var(--sky)', 'var(--yellow)', 'var(--black)'];
  const groups = [
    { name: 'Crossbars', color: 'var(--blue)', parts: ['crossbar'] },
    { name: 'ADC', color: 'var(--orange)', parts: ['adc'] },
    { name: 'DAC', color: 'var(--yellow)', parts: ['dac'] },
    { name: 'Adders, shifters, joint module', color: 'var(--green)', parts: ['adder', 'shift_register', 'joint_module'] },
    { name: 'Registers', color: 'var(--sky)', parts: ['input_register', 'output_register'] },
    { name: 'Multiplexers', color: 'var(--purple)', parts: ['demux', 'mux'] },
    { name: 'Buffers', color: 'var(--red)', parts: ['buffer_read', 'buffer_write'] },
    { name: 'Pooling', color: 'var(--faint)', parts: ['pooling'] },
    { name: 'Links in and between tiles', color: 'var(--black)', parts: ['intra_tile', 'inter_tile'] },
  ];

  function fill(select, options, value) {
    select.replaceChildren(...options.map(([key, name]) => html('option', { value: key }, name)));
    if (value !== undefined) select.value = value;
  }

  // ---- Header -------------------------------------------------------------------------------
  function header() {
    const name = facts.name || 'Run';
    at('title').textContent = name;
    document.title = `${name} – Gibbon`;
    const fact = (label, value) => value === '' || value === null ? null : html('span', {}, `${label} `, html('b', {}, String(value)));
    at('facts').append(...[
      fact('data', facts.dataset),
      fact('space', facts.space === '' ? '' : `${facts.space}${isNumber(facts.space_log10_size) ? `, 10^${facts.space_log10_size.toFixed(1)} designs` : ''}`),
      fact('searcher', facts.searcher),
      fact('objective', facts.objective === 'pareto' ? `pareto of ${facts.metrics.map(k => metrics[k].name.toLowerCase()).join(', ')}` : facts.objective),
      facts.constraints.length > 0 ? fact('limits', facts.constraints.join(', ')) : null,
      fact('seed', facts.seed), fact('machine', facts.machine), fact('version', facts.version),
    ].filter(node => node !== null));

    const best = key => {
      const values = finals.map(f => f.metrics[key]).filter(isNumber);
      return values.length ? values.reduce((a, b) => (b - a) * metrics[key].better > 0 ? b : a) : null;
    };
    const stat = (label, value, unit) => html('div', { class: 'stat' },
      html('div', { class: 'value' }, value, unit ? ' ' : null, unit ? html('small', {}, unit) : null), html('div', { class: 'name' }, label));
    const seconds = timings.reduce((sum, t) => sum + t.seconds, 0);
    at('headline').append(
      ...(finals.length > 0 ? [
        stat('Best accuracy, test images', toHundredths(best('accuracy_top1')), '%'),
        stat('Lowest energy-delay product', format(best('edp_ms_mj')), 'ms × mJ'),
        stat('Smallest area', format(best('area_mm2')), 'mm²')] : []),
      stat('Designs simulated', format(count)),
      stat('Time', duration(seconds)));
    at('footer').textContent = `Made by gibbon ${facts.version}. This page needs no network; the same figures are in the CSV and JSON files beside it.`;
  }

  // ---- Designs ------------------------------------------------------------------------------
  const kinds = {
    dominated: { name: 'Dominated', shape: 'dot', size: 3.4, color: 'var(--dominated)', filled: true, opacity: 0.75 },
    infeasible: { name: 'Infeasible or over a limit', shape: 'cross', size: 3.2, color: 'var(--red)', opacity: 0.65 },
    front: { name: 'On the front (validation)', shape: 'dot', size: 5.2, color: 'var(--blue)', filled: true },
    final: { name: 'Final design (test)', shape: 'diamond', size: 7, color: 'var(--orange)', filled: true },
  };
  const kindOf = i => candidates.on_front[i] ? kinds.front : candidates.meets[i] ? kinds.dominated : kinds.infeasible;
  const candidateMetrics = i => Object.fromEntries(keys.map(key => [key, candidates.metrics[key][i]]));
  /** Without figures: a design that could not be built, or one that was refused before its accuracy was simulated. */
  const hasFigure = (i, key) => candidates.infeasible[i] === '' || candidates.metrics[key][i] !== 0;

  function designPoints(x, y) {
    const points = [];
    for (let i = 0; i < count; ++i) {
      if (!hasFigure(i, x) || !hasFigure(i, y)) continue;
      points.push({
        x: candidates.metrics[x][i], y: candidates.metrics[y][i], kind: kindOf(i), title: `Design ${i}, iteration ${candidates.iteration[i]}`,
        pairs: keys.map(key => [metrics[key].name, hasFigure(i, key) ? withUnit(key, candidates.metrics[key][i]) : '–']),
        chosen: state.chosen && state.chosen.candidate === i, choose: () => choose({ candidate: i }),
      });
    }
    const order = [kinds.infeasible, kinds.dominated, kinds.front];
    points.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
    finals.forEach((final, i) => points.push({
      x: final.metrics[x], y: final.metrics[y], kind: kinds.final, title: `Final design ${final.id}`,
      pairs: keys.map(key => [metrics[key].name, withUnit(key, final.metrics[key])]),
      chosen: state.chosen && state.chosen.final === i, choose: () => choose({ final: i }),
    }));
    return points;
  }

  function designs() {
    const options = keys.map(key => [key, titled(key)]);
    const second = facts.metrics.find(key => key !== 'accuracy_top1') || 'edp_ms_mj';
    fill(at('pareto-x'), options, second);
    fill(at('pareto-y'), options, facts.metrics.includes('accuracy_top1') || facts.metrics.length < 2 ? 'accuracy_top1' : facts.metrics[1]);
    at('pareto-x-log').checked = true;
    const used = [kinds.front, kinds.dominated, kinds.infeasible, kinds.final].filter(kind =>
      kind === kinds.final ? finals.length > 0 : candidates.genome.some((_, i) => kindOf(i) === kind));
    charts.legend(at('pareto-legend'), used);
    const axis = name => {
      const key = at(`pareto-${name}`).value;
      return { key, log: at(`pareto-${name}-log`).checked, label: `${titled(key)}, ${metrics[key].better > 0 ? 'more' : 'less'} is better` };
    };
    const again = charts.keepDrawn(at('pareto-chart'), width => {
      const x = axis('x'), y = axis('y');
      charts.scatter(at('pareto-chart'), width, { x, y, points: designPoints(x.key, y.key), label: `${x.label} against ${y.label}`, nothing: 'No design has been simulated yet.' });
      const missing = candidates.genome.filter((_, i) => !hasFigure(i, x.key) || !hasFigure(i, y.key)).length;
      at('pareto-note').textContent = (missing > 0 ? `${plural(missing, 'infeasible design')} without these figures ${missing === 1 ? 'is' : 'are'} not drawn. ` : '') +
        (count > 0 ? 'Point at a design for its figures, click to choose it.' : '');
    });
    for (const id of ['pareto-x', 'pareto-y', 'pareto-x-log', 'pareto-y-log']) at(id).addEventListener('change', again);
    return again;
  }

  // ---- The chosen design --------------------------------------------------------------------
  function pairs(entries) {
    return html('dl', { class: 'pairs' }, ...entries.map(([name, value]) => [html('dt', {}, name), html('dd', {}, value)]));
  }

  /** A block's place, "stage.block", from its genes' names; without one, its number. */
  function placeOf(gene) {
    const parts = /^stage(\d+)\.block(\d+)\./.exec(gene.name);
    return parts ? { stage: parts[1], block: parts[2], label: `${parts[1]}.${parts[2]}` } : { label: String(gene.block + 1) };
  }

  /** Whether the design has the gene's block: the genes of blocks beyond a stage's depth stand for nothing. */
  function isBuilt(gene, chosen) {
    const place = placeOf(gene);
    const depth = place.stage && chosen.find(c => c.gene.name === `stage${place.stage}.blocks`);
    return !depth || Number(place.block) <= depth.value;
  }

  const shortSlot = slot => ({ weight_bits: 'W bits', activation_bits: 'A bits' })[slot] || words(slot);

  /** Genes of the whole design as pairs, those of blocks as a table with a column a slot. */
  function choices(genome) {
    const chosen = facts.genes.map((gene, i) => ({ gene, value: gene.choices[parseInt(genome[i], 36)] }));
    const result = [];
    for (const [part, title] of [['hardware', 'Hardware'], ['quantization', 'Precision'], ['network', 'Network']]) {
      const whole = chosen.filter(c => c.gene.block < 0 && c.gene.part === part);
      if (whole.length === 0) continue;
      result.push(html('h3', {}, title), pairs(whole.map(c => [words(c.gene.name.replace(/^hardware\./, '').replace(/^stage(\d+)\./, 'stage $1 ')), format(c.value)])));
    }
    const inBlocks = chosen.filter(c => c.gene.block >= 0 && isBuilt(c.gene, chosen));
    if (inBlocks.length > 0) {
      const slots = [...new Set(inBlocks.map(c => c.gene.slot))], blocks = [...new Set(inBlocks.map(c => c.gene.block))].sort((a, b) => a - b);
      result.push(html('h3', {}, 'Blocks'), html('div', { class: 'scroll blocks' }, html('table', {},
        html('thead', {}, html('tr', {}, html('th', {}, 'block'), slots.map(slot => html('th', { title: words(slot) }, shortSlot(slot))))),
        html('tbody', {}, blocks.map(block => html('tr', {}, html('td', {}, placeOf(inBlocks.find(c => c.gene.block === block).gene).label), slots.map(slot => {
          const found = inBlocks.find(c => c.gene.block === block && c.gene.slot === slot);
          return html('td', {}, found ? format(found.value) : '');
        })))))));
    }
    return result;
  }

  function chosenDesign() {
    const body = at('chosen-body');
    if (state.chosen === null) {
      at('chosen-title').textContent = 'No design chosen';
      body.replaceChildren(html('p', { class: 'empty' }, 'Click a point to see its design.'));
      return;
    }
    if (state.chosen.final !== undefined) {
      const final = finals[state.chosen.final];
      at('chosen-title').replaceChildren(`Final design ${final.id}`, html('span', { class: 'tag' }, final.on_front ? 'on the front' : 'dominated'));
      body.replaceChildren(
        pairs(keys.slice(1).map(key => [metrics[key].name, withUnit(key, final.metrics[key])])),
        html('h3', {}, 'Accuracy, %'),
        pairs([['one-shot, no crossbar', toHundredths(final.one_shot_accuracy)], ['in the search, on crossbars', toHundredths(final.search_accuracy)],
          ['trained alone, validation, on crossbars', toHundredths(final.validation_metrics.accuracy_top1)],
          ['test, quantised, no crossbar', toHundredths(final.quantized_test_accuracy)],
          [`test, on crossbars (${plural(final.test_images, 'image')})`, toHundredths(final.metrics.accuracy_top1)]]),
        ...choices(final.genome));
      return;
    }
    const i = state.chosen.candidate;
    at('chosen-title').replaceChildren(`Design ${i}`, html('span', { class: 'tag' }, `iteration ${candidates.iteration[i]}`),
      candidates.on_front[i] ? html('span', { class: 'tag' }, 'on the front') : '');
    const figures = candidateMetrics(i);
    body.replaceChildren(
      candidates.infeasible[i] ? html('p', { class: 'reason' }, candidates.infeasible[i]) : '',
      pairs(keys.map(key => [metrics[key].name, hasFigure(i, key) ? withUnit(key, figures[key]) : '–'])),
      html('h3', {}, 'Accuracy, %'),
      pairs([['one-shot, no crossbar', toHundredths(candidates.one_shot[i])], ['predicted', toHundredths(candidates.predicted.accuracy_top1[i])]]),
      ...choices(candidates.genome[i]));
  }

  // ---- Table of final designs ---------------------------------------------------------------
  function finalsTable() {
    if (finals.length === 0) return at('finals').remove();
    const head = (name, unit, left) => html('th', left ? { class: 'left' } : {}, name, html('small', {}, unit || '\u00a0'));
    const pick = i => ({ click: () => choose({ final: i }),
      keydown: event => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); choose({ final: i }); } } });
    at('finals-table').replaceChildren(
      html('thead', {}, html('tr', {}, head('Design'), html('th', { class: 'middle' }, 'Front', html('small', {}, '\u00a0')), ...keys.map(key => head(metrics[key].name, metrics[key].unit)), head('No crossbar', '%'), head('Validation', '%'))),
      html('tbody', {}, finals.map((final, i) => html('tr', { class: `choice${state.chosen && state.chosen.final === i ? ' chosen' : ''}`, tabindex: 0, on: pick(i) },
        html('td', {}, final.id), html('td', { class: 'middle' }, final.on_front ? html('span', { class: 'mark', title: 'on the front' }, '●') : ''),
        keys.map(key => html('td', {}, key === 'accuracy_top1' ? toHundredths(final.metrics[key]) : format(final.metrics[key]))),
        html('td', {}, toHundredths(final.quantized_test_accuracy)), html('td', {}, toHundredths(final.validation_metrics.accuracy_top1))))));
    at('finals-note').textContent = 'Accuracy: top-1 on the test images, simulated on crossbars; beside it the quantised network without crossbars, and the validation images on crossbars.';
  }

  // ---- Layers -------------------------------------------------------------------------------
  const layerMetrics = {
    energy_nj: { name: 'Energy', unit: 'µJ', factor: 1e-3 },
    area_um2: { name: 'Area', unit: 'mm²', factor: 1e-6 },
    busy_ns: { name: 'Busy time', unit: 'µs', factor: 1e-3 },
    power_w: { name: 'Power', unit: 'mW', factor: 1e3 },
  };

  function flatten(value, path, into) {
    if (value !== null && typeof value === 'object') {
      for (const [key, item] of Object.entries(value)) flatten(item, path ? `${path}.${key}` : key, into);
    } else {
      into.push([path, isNumber(value) ? format(value) : String(value)]);
    }
    return into;
  }

  function layers() {
    if (finals.length === 0) { at('layers').remove(); return () => {}; }
    fill(at('layers-metric'), Object.entries(layerMetrics).map(([key, m]) => [key, `${m.name} (${m.unit})`]));
    let shown = 0;
    const sum = (layer, key) => Object.values(layer[key]).reduce((a, b) => a + b, 0);
    const drawBars = charts.keepDrawn(at('layers-chart'), width => {
      const key = at('layers-metric').value, metric = layerMetrics[key], result = finals[shown].simulation;
      const rows = result.layers.map(layer => ({
        name: layer.name, note: format(sum(layer, key) * metric.factor),
        parts: groups.flatMap(group => group.parts.map(part => ({ name: words(part), value: (layer[key][part] || 0) * metric.factor, color: group.color }))),
      }));
      charts.bars(at('layers-chart'), width, { rows, unit: metric.unit, label: `${metric.name} of each layer by component`, nothing: 'This design has no such figures.' });
      charts.legend(at('layers-legend'), groups.filter(group => group.parts.some(part => result.layers.some(layer => layer[key][part] > 0))).map(g => ({ ...g, box: true })));
    });
    at('layers-metric').addEventListener('change', drawBars);
    return () => {
      if (state.chosen && state.chosen.final !== undefined) shown = state.chosen.final;
      const final = finals[shown], result = final.simulation;
      at('layers-title').textContent = `Layers of final design ${final.id}`;
      const head = (name, unit, left) => html('th', left ? { class: 'left' } : {}, name, html('small', {}, unit || '\u00a0'));
      at('layers-table').replaceChildren(
        html('thead', {}, html('tr', {}, head('Layer'), head('Type', '', true), head('Tiles'), head('PEs'), head('Crossbars'), head('Used', '%'), head('Begin', 'µs'), head('Finish', 'µs'), ...Object.values(layerMetrics).map(m => head(m.name, m.unit)))),
        html('tbody', {}, result.layers.map(layer => html('tr', {}, html('td', {}, layer.name), html('td', { class: 'left' }, layer.type),
          [layer.tiles, layer.processing_elements, layer.crossbars, layer.utilization * 100, layer.begin_ns * 1e-3, layer.finish_ns * 1e-3].map(v => html('td', {}, format(v))),
          Object.entries(layerMetrics).map(([key, m]) => html('td', {}, format(sum(layer, key) * m.factor)))))));
      at('hardware').replaceChildren(...flatten(final.hardware, '', []).map(([name, value]) => html('div', {}, html('dt', {}, name), html('dd', {}, value))));
      drawBars();
    };
  }

  // ---- Search -------------------------------------------------------------------------------
  const slotOf = Object.fromEntries(facts.genes.map(gene => [gene.name, gene.slot]));
  /** {prefix.gene: value} of one iteration as {gene: value}. */
  const statistics = (record, prefix) => Object.entries(record.searcher_statistics).filter(([key]) => key.startsWith(prefix + '.')).map(([key, value]) => [key.slice(prefix.length + 1), value]);

  function seriesOf(prefix, nameOf) {
    const series = new Map();
    for (const record of iterations) {
      const groupsNow = new Map();
      for (const [gene, value] of statistics(record, prefix)) {
        const name = nameOf(gene);
        if (name === null || !isNumber(value)) continue;
        groupsNow.set(name, [...(groupsNow.get(name) || []), value]);
      }
      for (const [name, values] of groupsNow) {
        if (!series.has(name)) series.set(name, []);
        series.get(name).push([record.iteration, values.reduce((a, b) => a + b, 0) / values.length]);
      }
    }
    return [...series].map(([name, points], i) => ({ name: words(name), points, color: palette[i % palette.length], dash: ['', '6 4', '2 3'][Math.floor(i / palette.length) % 3] || null }));
  }

  function search() {
    const views = [];
    const genesOf = slot => facts.genes.filter(gene => gene.slot === slot);
    const has = prefix => iterations.some(record => statistics(record, prefix).length > 0);
    const notes = {
      entropy: 'Mean over the blocks that share a parameter. A parameter whose entropy falls early is settled early.',
      priority: 'Mean over the blocks that share a parameter: the weight with which the search draws it for a change.',
    };
    for (const [prefix, title, axis] of [['entropy', 'Entropy', 'Entropy (bits)'], ['priority', 'Priority', 'Priority']]) {
      if (!has(prefix)) continue;
      const bySlot = has('slot_' + prefix) ? () => seriesOf('slot_' + prefix, slot => slot) : () => seriesOf(prefix, gene => slotOf[gene] || gene);
      views.push([`${title} by parameter`, notes[prefix], bySlot, axis]);
      if (prefix !== 'entropy') continue;
      for (const slot of [...new Set(facts.genes.map(gene => gene.slot))].filter(s => genesOf(s).length > 1)) {
        views.push([`Entropy: ${words(slot)} in each block`, 'One line a block.',
          () => seriesOf(prefix, gene => slotOf[gene] === slot ? `block ${facts.genes.find(g => g.name === gene).block}` : null), axis]);
      }
    }
    if (iterations.some(record => isNumber(record.searcher_statistics.equivalent_log10_size))) {
      views.push(['Size of the space left', 'log10 of the number of equally likely designs that would have the same entropy.',
        () => [{ name: 'log10 of designs', color: 'var(--accent)', points: iterations.map(r => [r.iteration, r.searcher_statistics.equivalent_log10_size]) }], 'log10 of designs']);
    }
    if (views.length === 0) {
      at('search').remove();
      at('volume').classList.replace('half', 'full');
      return;
    }
    fill(at('search-metric'), views.map(([name], i) => [String(i), name]));
    const again = charts.keepDrawn(at('search-chart'), width => {
      const [name, note, make, unit] = views[Number(at('search-metric').value)];
      const series = make();
      charts.legend(at('search-legend'), series.length > 1 ? series.map(s => ({ ...s, line: true })) : []);
      at('search-note').textContent = note;
      charts.lines(at('search-chart'), width, { series, x: { label: 'Iteration', whole: true }, y: { label: unit }, label: name, nothing: 'No iteration has finished yet.' });
    });
    at('search-metric').addEventListener('change', again);
  }

  function volume() {
    charts.keepDrawn(at('volume-chart'), width => charts.lines(at('volume-chart'), width, {
      series: [{ name: 'hypervolume', color: 'var(--accent)', points: iterations.map(record => [record.evaluated, record.hypervolume]) }],
      x: { label: 'Designs simulated', whole: true }, y: { label: 'Hypervolume' }, label: 'Hypervolume over designs simulated', nothing: 'No iteration has finished yet.' }));
  }

  // ---- Predictor ----------------------------------------------------------------------------
  function predictor() {
    const predicted = candidates.predicted.accuracy_top1 || [];
    const measured = iterations.filter(record => record.predicted_count > 0);
    if (!predicted.some(isNumber)) {
      at('predictor').remove();
      at('quality').remove();
      return;
    }
    fill(at('predictor-metric'), keys.map(key => [key, titled(key)]));
    const kind = { shape: 'dot', size: 3.6, color: 'var(--accent)', filled: true, opacity: 0.8 };
    const again = charts.keepDrawn(at('predictor-chart'), width => {
      const key = at('predictor-metric').value, log = key !== 'accuracy_top1';
      const points = predicted.map((_, i) => ({ x: candidates.metrics[key][i], y: candidates.predicted[key][i], kind, title: `Design ${i}, iteration ${candidates.iteration[i]}`,
        pairs: [['simulated', withUnit(key, candidates.metrics[key][i])], ['predicted', withUnit(key, candidates.predicted[key][i])]], choose: () => choose({ candidate: i }) }))
        .filter((point, i) => hasFigure(i, key) && candidates.infeasible[i] === '');
      charts.scatter(at('predictor-chart'), width, { points, diagonal: true, height: Math.min(380, Math.max(280, width * 0.7)),
        x: { log, label: `Simulated ${inText(key)}` }, y: { log, label: `Predicted ${inText(key)}` }, label: 'Predicted against simulated', nothing: 'No prediction yet.' });
    });
    at('predictor-metric').addEventListener('change', again);
    const last = measured[measured.length - 1];
    at('predictor-note').textContent = last
      ? `On the ${plural(last.predicted_count, 'design')} of iteration ${last.iteration}: Kendall's tau of accuracy ${toHundredths(last.accuracy_kendall_tau)}, mean absolute error ${toHundredths(last.accuracy_mean_abs_error)} points. On the dashed line the two agree.` : '';

    const views = [['accuracy_kendall_tau', "Kendall's tau of accuracy", 1], ['accuracy_mean_abs_error', 'Mean absolute error of accuracy (points)', 1],
      ['latency_relative_error', 'Relative error of latency (%)', 100], ['energy_relative_error', 'Relative error of energy (%)', 100], ['area_relative_error', 'Relative error of area (%)', 100]];
    fill(at('quality-metric'), views.map(([key, name]) => [key, name]));
    const qualityAgain = charts.keepDrawn(at('quality-chart'), width => {
      const [key, name, factor] = views.find(view => view[0] === at('quality-metric').value);
      charts.lines(at('quality-chart'), width, { height: Math.min(380, Math.max(280, width * 0.7)),
        series: [{ name, color: 'var(--accent)', points: measured.map(record => [record.iteration, isNumber(record[key]) ? record[key] * factor : null]) }],
        x: { label: 'Iteration', whole: true }, y: { label: name, include: 0 }, label: name, nothing: 'Not measured yet.' });
    });
    at('quality-metric').addEventListener('change', qualityAgain);
  }

  function timingsChart() {
    const total = timings.reduce((sum, t) => sum + t.seconds, 0);
    charts.keepDrawn(at('timings-chart'), width => charts.bars(at('timings-chart'), width, {
      rows: timings.map(t => ({ name: t.stage, note: duration(t.seconds) + (width > 560 ? `, ${(100 * t.seconds / total).toFixed(1)} %` : ''), parts: [{ name: 'time', value: t.seconds, color: 'var(--accent)' }] })),
      unit: 's', share: 'share of the run', label: 'Time of each stage', nothing: 'No stage has finished yet.' }));
  }

  let redraw = [];
  function choose(what) {
    state.chosen = what;
    for (const draw of redraw) draw();
  }

  header();
  redraw = [designs(), chosenDesign, finalsTable, layers()];
  chosenDesign();
  finalsTable();
  if (finals.length > 0) redraw[3]();
  search();
  volume();
  predictor();
  timingsChart();
})();
