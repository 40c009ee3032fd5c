// Words on the map, whose places were worked out for each zoom so that none covers another.
(function (cg) {
  "use strict";

  var FEW = 40;

  function level(map) {
    var zoom = map.getZoom(), at = -1;
    map.clustergeo.data.levels.forEach(function (one, index) { if (one <= zoom) { at = index; } });
    return at;
  }

  function marker(body, at, pane, kind, options) {
    // The dots are what the keyboard reaches and a screen reader reads: a label only repeats them.
    body.setAttribute("aria-hidden", "true");
    return L.marker(at, Object.assign({
      pane: pane, keyboard: false, icon: L.divIcon({ html: body, className: kind, iconSize: null })
    }, options));
  }

  // Below the first zoom that places were worked out for, words are hidden.
  function moving(map, held) {
    function move() {
      var at = level(map);
      held.forEach(function (one) {
        var spot = at < 0 ? null : one.spots[at];
        one.body.style.display = spot ? "" : "none";
        if (spot) { one.put(spot); }
      });
    }
    map.on("zoomend", move);
    move();
  }

  // Half a name, at the edge of the window or under what lies over the map, reads as another name.
  function whole(map, bodies) {
    function show() {
      var root = map.getContainer(), frame = root.getBoundingClientRect(), over = [].slice.call(root.querySelectorAll(".leaflet-control"));
      // Names of sites that have just found room come before those of provinces.
      over = over.concat([].slice.call(root.querySelectorAll(".cg-passing")), map.clustergeo.panel);
      var taken = over.map(function (one) { return one.getBoundingClientRect(); });
      bodies.forEach(function (body) {
        var box = (body.querySelector(".cg-chip") || body).getBoundingClientRect();
        body.classList.toggle("cg-cut", box.left < frame.left || box.right > frame.right || box.top < frame.top || box.bottom > frame.bottom || taken.some(function (one) {
          return one.left < box.right && box.left < one.right && one.top < box.bottom && box.top < one.bottom;
        }));
      });
    }
    map.on("moveend zoomend resize cg:filtered cg:named layeradd", show);
    map.whenReady(function () { requestAnimationFrame(show); });
  }

  cg.names = function (map, group, spec, at) {
    var state = map.clustergeo, table = state.data.tables[spec.table], bodies = [];
    moving(map, table.labels.map(function (label, row) {
      var made = chip(table, label, row);
      var mark = marker(made.body, at[row], spec.pane, "cg-label", { interactive: true, riseOnHover: true });
      mark.on("mouseover", function () { cg.light(map, spec.table, row, true); });
      mark.on("mouseout", function () { cg.light(map, spec.table, row, false); });
      mark.on("click", function () { cg.open(map, spec.table, row, mark.getLatLng()); });
      mark.cgBox = made.box;
      state.own(spec.table, row, group, mark);
      group.addLayer(mark);
      bodies.push(made.body);
      return { body: made.body, put: made.put, spots: label.spots };
    }));
    whole(map, bodies);
    // A narrow window has not the room that those places were worked out for.
    cg.passing(map, group, spec, state.dots, true);
  };

  // Of many sites, those in view are named as soon as they are few; a name that has no room is left out.
  cg.passing = function (map, group, spec, shapes, narrow) {
    var state = map.clustergeo, table = state.data.tables[spec.table], held = L.layerGroup(), pen = document.createElement("canvas").getContext("2d");
    pen.font = "600 12px " + getComputedStyle(map.getContainer()).fontFamily;
    function lines(row) { return table.labels ? table.labels[row].lines : [table.names[row]]; }
    // The edges of the window and what lies over the map.
    function edges() {
      var frame = map.getContainer().getBoundingClientRect(), over = [].slice.call(map.getContainer().querySelectorAll(".leaflet-control")), far = 1e5;
      return [[-far, -far, 0, far], [frame.width, -far, far, far], [-far, -far, far, 0], [-far, frame.height, far, far]].concat(
        over.concat(state.panel).map(function (one) {
          var box = one.getBoundingClientRect();
          return [box.left - frame.left, box.top - frame.top, box.right - frame.left, box.bottom - frame.top];
        }));
    }
    function placed(dots) {
      var taken = edges().concat(dots.map(function (dot) { return [dot.x - 7, dot.y - 7, dot.x + 7, dot.y + 7]; })), found = [];
      dots.forEach(function (dot) {
        var widths = lines(dot.row).map(function (one) { return pen.measureText(one).width; });
        var wide = Math.ceil(Math.min(Math.max.apply(null, widths), 240)) + 13, high = 15 * widths.length + 4;
        var spots = [[10, -high / 2], [-10 - wide, -high / 2], [-wide / 2, -high - 9], [-wide / 2, 9], [9, 6], [9, -6 - high], [-9 - wide, 6], [-9 - wide, -6 - high]];
        var spot = spots.find(function (one) {
          var box = [dot.x + one[0], dot.y + one[1], dot.x + one[0] + wide, dot.y + one[1] + high];
          var free = taken.every(function (other) { return other[2] <= box[0] || box[2] <= other[0] || other[3] <= box[1] || box[3] <= other[1]; });
          if (free) { taken.push(box); }
          return free;
        });
        if (spot) { found.push({ dot: dot, spot: spot, wide: wide, high: high }); }
      });
      return found;
    }
    function show() {
      held.clearLayers();
      if (!map.hasLayer(group) || (narrow && map.getSize().x >= 720)) { map.fire("cg:named"); return; }
      var view = map.getBounds(), dots = [];
      for (var row = 0; row < shapes.count && dots.length <= FEW; row++) {
        var at = [shapes.xy[2 * row + 1], shapes.xy[2 * row]];
        if (view.contains(at) && !state.hidden(spec.table, row)) {
          var point = map.latLngToContainerPoint(at);
          dots.push({ row: row, at: at, x: point.x, y: point.y });
        }
      }
      if (dots.length > FEW) { map.fire("cg:named"); return; }
      placed(dots).forEach(function (one) {
        var body = cg.element("div"), box = cg.element("div", "cg-chip cg-passing"), said = cg.element("span");
        lines(one.dot.row).forEach(function (words) { said.append(cg.element("i", "", words)); });
        box.style.setProperty("--c", cg.colour(table, one.dot.row));
        box.style.width = one.wide + "px";
        box.style.height = one.high + "px";
        box.style.transform = "translate(" + one.spot[0] + "px," + one.spot[1] + "px)";
        box.append(said);
        body.append(box);
        held.addLayer(marker(body, one.dot.at, "cgLabels", "cg-label cg-found", { interactive: false }));
      });
      map.fire("cg:named");
    }
    held.addTo(map);
    map.on("moveend zoomend resize cg:filtered", show);
    map.on("layeradd layerremove", function (event) { if (event.layer === group) { show(); } });
    show();
  };

  cg.regions = function (map, group) {
    var bodies = [];
    moving(map, map.clustergeo.data.regions.map(function (place) {
      var body = cg.element("span", "", place.name);
      bodies.push(body);
      group.addLayer(marker(body, place.at, "cgRegions", "cg-region", { interactive: false }));
      return { body: body, spots: place.spots, put: function (spot) { body.style.left = spot[0] + "px"; body.style.top = spot[1] + "px"; } };
    }));
    whole(map, bodies);
  };

  function chip(table, label, row) {
    var body = cg.element("div"), box = cg.element("div", "cg-chip"), lines = cg.element("span"), way = cg.way(table, row);
    var leader = cg.svg("svg"), line = cg.svg("line");
    leader.append(line);
    box.style.setProperty("--c", cg.colour(table, row));
    box.style.maxWidth = label.size[0] + "px";
    box.style.height = label.size[1] + "px";
    if (way) { box.append(cg.badge(way)); }
    label.lines.forEach(function (words) { lines.append(cg.element("i", "", words)); });
    if (label.where) { lines.append(cg.element("i", "cg-where", label.where)); }
    box.append(lines);
    body.append(leader, box);
    function put(spot) {
      // The width was estimated for a wide font: a chip left of its dot keeps its right edge, beside the dot.
      var end = spot[0] + label.size[0], left = end <= 0 ? "calc(" + end + "px - 100%)" : spot[0] + "px";
      box.style.transform = "translate(" + left + "," + spot[1] + "px)";
      line.style.display = spot.length > 2 ? "" : "none";
      if (spot.length > 2) {
        var length = Math.hypot(spot[2], spot[3]) || 1, start = Math.min(8 / length, 1);
        line.setAttribute("x1", spot[2] * start);
        line.setAttribute("y1", spot[3] * start);
        line.setAttribute("x2", spot[2]);
        line.setAttribute("y2", spot[3]);
      }
    }
    return { body: body, box: box, put: put };
  }
})(clustergeo);
