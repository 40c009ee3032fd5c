// The legend: one part a layer, shown while its layer is.
(function (cg) {
  "use strict";

  function picture(item) {
    if (item.dot !== undefined) {
      var dot = cg.svg("svg", { width: 14, height: 16, "aria-hidden": "true" });
      dot.append(cg.svg("circle", { cx: 7, cy: 8, r: 5 * item.size, fill: item.dot }));
      return [dot];
    }
    if (item.ring) {
      var ring = cg.svg("svg", { width: 18, height: 18, "aria-hidden": "true" });
      ring.append(cg.svg("circle", {
        cx: 9, cy: 9, r: 6.5, fill: "#c9d1d6", stroke: "#22272b", "stroke-width": item.ring.weight, "stroke-dasharray": item.ring.dashes
      }));
      return [cg.badge(item.ring), ring];
    }
    if (item.centre) {
      var centre = cg.svg("svg", { width: 18, height: 16, "aria-hidden": "true" });
      centre.append(cg.svg("circle", { cx: 9, cy: 8, r: 6, fill: "#c9d1d6", stroke: "#22272b", "stroke-width": 1.5 }));
      if (item.centre !== "no") { centre.append(cg.svg("circle", { cx: 9, cy: 8, r: item.centre === "yes" ? 2.2 : 3.6, fill: item.centre === "yes" ? "#22272b" : "#fff" })); }
      return [centre];
    }
    var look = item.box || { fillColor: item.area, fillOpacity: 0.9, color: "#fff", weight: 1 }, box = cg.svg("svg", { width: 22, height: 14, "aria-hidden": "true" });
    if (item.form === "point") { box.append(cg.svg("circle", { cx: 11, cy: 7, r: 5, fill: look.fillColor, "fill-opacity": 0.85, stroke: look.color, "stroke-width": look.weight })); return [box]; }
    if (item.form === "line") { box.append(cg.svg("path", { d: "M2 11L9 4L13 9L20 3", fill: "none", stroke: look.color, "stroke-width": look.weight, "stroke-dasharray": look.dashArray })); return [box]; }
    box.append(cg.svg("rect", {
      x: 2, y: 2, width: 18, height: 10, rx: 2, fill: look.fillColor, "fill-opacity": look.fillOpacity, stroke: look.color,
      "stroke-width": look.weight, "stroke-dasharray": look.dashArray
    }));
    return [box];
  }

  function line(item) {
    var made = cg.element("li"), words = cg.element("span", "", item.words);
    if (item.terms) { words.append(cg.element("small", "", item.terms)); }
    made.append.apply(made, picture(item).concat([words]));
    if (item.count !== undefined) { made.append(cg.element("span", "cg-n", cg.number(item.count, 0))); }
    return made;
  }

  cg.legend = function (map, place) {
    var state = map.clustergeo;
    state.data.layers.forEach(function (spec, at) {
      if (!spec.legend) { return; }
      var part = cg.element("section", "cg-key");
      part.setAttribute("data-layer", at);
      spec.legend.forEach(function (held) {
        if (held.heading) { part.append(cg.element("h3", "", held.heading)); }
        var list = cg.element("ul", held.columns ? "cg-columns" : "");
        held.items.forEach(function (item) { list.append(line(item)); });
        part.append(list);
        if (held.note) { part.append(cg.element("small", "", held.note)); }
      });
      // The sites come first, as they lie uppermost.
      place.prepend(part);
    });
    function show() {
      [].forEach.call(place.querySelectorAll(".cg-key"), function (part) {
        var group = state.groups[Number(part.getAttribute("data-layer"))];
        part.hidden = !!group && !map.hasLayer(group);
      });
    }
    map.on("layeradd layerremove", function (event) { if (state.groups.indexOf(event.layer) >= 0) { show(); } });
    window.setTimeout(show, 0);
  };
})(clustergeo);
