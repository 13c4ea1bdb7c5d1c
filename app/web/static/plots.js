/* Draws rates with uPlot. The table below each plot has the same numbers for everybody else.
 *
 * Points that stand `apart` (days, weeks, months) are marked, so that one between two gaps is seen; of a day's course only
 * the curve is drawn. A line has one `value`, or `values` where it moves.
 */
"use strict";

(() => {
  const HEIGHT = 148;
  const DASHES = { target: [5, 4], goal: [2, 3] }; // told apart without colour, too; the penalty line is whole
  const plots = new Map(); // element -> {json, chart}
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const watcher = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      const plot = plots.get(target);
      const width = Math.floor(contentRect.width);
      if (plot && width > 0 && width !== plot.chart.width) plot.chart.setSize({ width, height: HEIGHT });
    }
  });

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const rateAt = (data, i) => (data.denominators[i] ? (100 * data.numerators[i]) / data.denominators[i] : null);
  const short = (value) => `${Number(value.toFixed(value > 99 ? 2 : 1))}%`;

  /* The range holds the curve and its lines with some air, and never leaves 0..100. */
  function range(data, rates) {
    const values = [...rates.filter((r) => r !== null), ...data.lines.flatMap((line) => line.values?.filter((value) => value !== null) ?? [line.value])];
    const low = Math.min(...values);
    const high = Math.max(...values);
    const air = Math.max(2, (high - low) * 0.18);
    return [Math.max(0, low - air), Math.min(100, high + air)];
  }

  function options(element, data, rates, readout) {
    const last = rates.findLastIndex((r) => r !== null);
    const ink = colour("--faint");
    const grid = { stroke: colour("--line"), width: 1 };
    const font = `11px ${getComputedStyle(element).fontFamily}`;
    const series = [
      {},
      { stroke: colour("--accent"), width: 2, fill: colour("--accent-wash"), points: { show: data.apart === true, size: 5 }, spanGaps: false },
    ];
    for (const line of data.lines) {
      series.push({
        stroke: colour(`--${line.kind}`),
        width: 1.25,
        dash: DASHES[line.kind],
        points: { show: false },
      });
    }
    return {
      width: Math.max(120, Math.floor(element.clientWidth)),
      height: HEIGHT,
      padding: [8, 20, 0, 0],
      legend: { show: false },
      cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
      scales: { x: { time: false }, y: { range: range(data, rates) } },
      axes: [
        {
          stroke: ink, font, grid: { show: false }, ticks: { show: false }, size: 24, gap: 2, space: 52,
          incrs: [1, 2, 3, 4, 6, 7, 12, 14, 28, 56, 112],
          values: (_, splits) => splits.map((i) => data.labels[i] ?? ""),
        },
        { stroke: ink, font, grid, ticks: { show: false }, size: 44, gap: 4, space: 32, values: (_, splits) => splits.map(short) },
      ],
      series,
      hooks: {
        setCursor: [
          (chart) => {
            const i = chart.cursor.idx ?? last;
            const words = rates[i] === null ? "暂无" : `${short(rates[i])}（${data.numerators[i]} / ${data.denominators[i]}）`;
            readout.textContent = `${data.apart ? "" : "到 "}${data.labels[i]}：${words}`;
          },
        ],
      },
    };
  }

  function draw(element) {
    const json = element.dataset.plot;
    const known = plots.get(element);
    if (known?.json === json && known.dark === dark.matches) return;
    const data = JSON.parse(json);
    const rates = data.labels.map((_, i) => rateAt(data, i));
    const readout = document.createElement("p");
    readout.className = "readout num";
    element.replaceChildren();
    const columns = [data.labels.map((_, i) => i), rates, ...data.lines.map((line) => line.values ?? data.labels.map(() => line.value))];
    const chart = new uPlot(options(element, data, rates, readout), columns, element);
    element.append(readout);
    known?.chart.destroy();
    plots.set(element, { json, chart, dark: dark.matches });
    watcher.observe(element);
  }

  function drawAll() {
    for (const [element, { chart }] of plots) {
      if (element.isConnected) continue;
      watcher.unobserve(element);
      chart.destroy();
      plots.delete(element);
    }
    document.querySelectorAll("[data-plot]").forEach(draw);
  }

  document.addEventListener("htmx:after:swap", (event) => {
    if (event.target.id === "part-rates") drawAll();
  });
  dark.addEventListener("change", drawAll);
  drawAll();
})();
