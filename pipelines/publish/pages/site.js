// Draws the charts from the JSON beside them, makes them fit paper, and adds search and filters. Nothing is fetched.
(function () {
  "use strict";
  const PAPER = 680;
  const spec = (figure) => JSON.parse(figure.querySelector('script[type="application/json"]').textContent);

  function draw(figure) {
    const plot = figure.querySelector(".plot");
    if (plot.dataset.drawn || !window.Plotly) return;
    plot.dataset.drawn = "1";
    const s = spec(figure);
    if (plot.clientWidth < 480) narrow(s.layout);
    window.Plotly.newPlot(plot, s.data, Object.assign({}, s.layout, { showlegend: false }), s.config);
    const button = figure.querySelector("button.png");
    if (button) {
      button.hidden = false;
      button.addEventListener("click", () => picture(figure, s));
    }
  }

  // The picture stands alone, so it carries the title, the legend and the source that the page has around the chart.
  function picture(figure, s) {
    const text = (selector) => (figure.querySelector(selector) || { textContent: "" }).textContent.trim();
    const title = { text: "<b>" + text("figcaption h2, figcaption h3") + "</b><br><span style='font-size:12px'>" + text("p.source") + "</span>", x: 0.01, xanchor: "left", y: 0.97, yanchor: "top", font: { size: 16 } };
    const layout = Object.assign({}, s.layout, { title: title, height: s.layout.height + 140, margin: { l: 8, r: 70, t: 96, b: 8 }, paper_bgcolor: "#ffffff" });
    window.Plotly.downloadImage({ data: s.data, layout: layout, config: s.config }, { format: "png", width: 1000, height: layout.height, scale: 2, filename: figure.id });
  }

  function narrow(layout) {
    layout.font = { size: 11 };
  }

  const figures = Array.from(document.querySelectorAll("figure.chart"));
  function drawAll() { figures.forEach(draw); }

  function start() {
    if (!("IntersectionObserver" in window)) return drawAll();
    const watcher = new IntersectionObserver((seen) => seen.forEach((e) => {
      if (e.isIntersecting) { watcher.unobserve(e.target); draw(e.target); }
    }), { rootMargin: "400px" });
    figures.forEach((f) => watcher.observe(f));
  }

  function resize(to) {
    if (window.Plotly) figures.forEach((f) => window.Plotly.relayout(f.querySelector(".plot"), to(spec(f).layout.height)));
  }

  window.addEventListener("beforeprint", () => {
    drawAll();
    document.querySelectorAll("details.caveats").forEach((d) => { d.open = true; });
    resize((height) => ({ width: PAPER, height: Math.max(190, 0.68 * height), autosize: false }));
  });
  window.addEventListener("afterprint", () => {
    resize((height) => ({ width: null, height: height, autosize: true }));
  });

  const menu = document.querySelector("button.menu"), nav = document.getElementById("nav");
  if (menu) {
    document.documentElement.classList.add("js");
    menu.hidden = false;
    menu.addEventListener("click", () => menu.setAttribute("aria-expanded", String(nav.classList.toggle("open"))));
  }

  // Long pages get a list of their sections.
  const heads = Array.from(document.querySelectorAll("main > h2"));
  const first = document.querySelector("main > h2, main > .tiles");
  if (heads.length > 2 && first) {
    const list = document.createElement("ul");
    heads.forEach((h, i) => {
      if (!h.id) h.id = "s" + (i + 1);
      const link = document.createElement("a");
      link.href = "#" + h.id;
      link.textContent = h.textContent;
      list.appendChild(document.createElement("li")).appendChild(link);
    });
    const toc = document.createElement("nav");
    toc.className = "toc";
    toc.setAttribute("aria-label", document.documentElement.lang === "en" ? "On this page" : "本页内容");
    toc.appendChild(list);
    first.before(toc);
  }

  const twin = document.querySelector("a.switch");
  if (twin) twin.addEventListener("click", () => { if (location.hash) twin.href = twin.getAttribute("href").split("#")[0] + location.hash; });

  const filter = document.querySelector("form.filter");
  if (filter) {
    filter.hidden = false;
    const items = Array.from(document.querySelectorAll(".contradiction"));
    const apply = () => {
      const county = filter.county.value, severity = filter.severity.value;
      let n = 0;
      items.forEach((i) => {
        const on = (!county || i.dataset.county === county) && (!severity || i.dataset.severity === severity);
        i.hidden = !on;
        n += on ? 1 : 0;
      });
      filter.querySelector("output").textContent = n + " / " + items.length;
    };
    filter.addEventListener("input", apply);
    filter.addEventListener("submit", (e) => e.preventDefault());
    apply();
  }

  const search = document.querySelector("form.search");
  if (search) {
    search.hidden = false;
    const rows = Array.from(document.querySelectorAll("table.searchable tbody tr"));
    const texts = rows.map((r) => r.textContent.toLowerCase());
    const groups = Array.from(document.querySelectorAll(".searchable-group"));
    const apply = () => {
      const words = search.querySelector("input").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
      let n = 0;
      rows.forEach((r, i) => {
        const group = r.closest(".searchable-group");
        const text = texts[i] + (group ? " " + group.querySelector("summary").textContent.toLowerCase() : "");
        r.hidden = !words.every((w) => text.includes(w));
        n += r.hidden ? 0 : 1;
      });
      groups.forEach((g) => {
        const any = g.querySelector("tbody tr:not([hidden])") !== null;
        g.hidden = !any;
        g.open = words.length > 0 && any;
      });
      search.querySelector("output").textContent = words.length ? n : "";
    };
    search.addEventListener("input", apply);
    search.addEventListener("submit", (e) => e.preventDefault());
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
