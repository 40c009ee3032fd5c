// The card of a site and its tooltip, built when they are opened from the rows that the table names.
(function (cg) {
  "use strict";

  function share(table, names, row) {
    if (!names) { return ""; }
    var low = cg.value(table, names[1], row), high = cg.value(table, names[2], row);
    if (low === null || high === null) {
      var one = cg.value(table, names[0], row);
      return one === null ? "" : cg.percent(one);
    }
    var first = cg.percent(low), second = cg.percent(high);
    return first === second ? first : first + " – " + second;
  }

  function answer(data, table, spec, row) {
    var value = cg.value(table, spec.answer, row);
    if (value === null) { return cg.say(data, "undecidable"); }
    return cg.say(data, spec.kind === "capital" ? (value ? "inside" : "outside") : value ? "present" : "none");
  }

  function distance(data, metres) {
    return cg.say(data, "error", metres >= 1000 ? cg.number(metres / 1000, 1) + " km" : cg.number(metres, 0) + " m");
  }

  // What each kind of row says: the strong part, the rest, and a remark below.
  var kinds = {
    place: function (_data, table, spec, row) {
      var parts = [];
      (spec.parts || []).forEach(function (column) {
        var said = cg.text(table, column, row);
        if (said && parts.indexOf(said) < 0) { parts.push(said); }
      });
      var where = parts.join(spec.joint), address = cg.text(table, spec.address, row);
      return { plain: where || address, note: where && where.indexOf(address) < 0 ? address : "" };
    },
    capital: function (data, table, spec, row) {
      var parts = [], bounds = share(table, spec.share, row), border = cg.value(table, spec.border, row);
      if (bounds) { parts.push(cg.say(data, "proved", bounds)); }
      if (border !== null) { parts.push(cg.say(data, border < 0 ? "inside_by" : "outside_by", cg.distance(Math.abs(border)))); }
      return {
        strong: answer(data, table, spec, row), parts: parts, open: cg.value(table, spec.answer, row) === null,
        remedy: cg.value(table, spec.answer, row) === null ? cg.text(table, spec.remedy, row) : ""
      };
    },
    zone: function (data, table, spec, row) {
      if (spec.only && !cg.value(table, spec.only, row)) { return {}; }
      var parts = [], bounds = share(table, spec.share, row), area = cg.value(table, spec.area, row);
      if (bounds) { parts.push(cg.say(data, "share") + " " + bounds); }
      if (area !== null) { parts.push(cg.area(area) + " km²"); }
      parts.push(cg.say(data, "basis") + ": " + cg.text(table, spec.basis, row));
      var day = cg.text(table, spec.day, row);
      if (day) { parts.push(cg.say(data, "as_of", day)); }
      return {
        badge: spec.badge ? cg.way(table, row) : null, strong: answer(data, table, spec, row), parts: parts,
        open: cg.value(table, spec.answer, row) === null,
        note: cg.text(table, spec.note, row), remedy: cg.text(table, spec.remedy, row), source: cg.text(table, spec.source, row)
      };
    },
    area: function (data, table, spec, row) {
      var area = cg.value(table, spec.area, row), announced = cg.value(table, spec.announced, row);
      return {
        strong: area === null ? "" : cg.area(area) + " km²", day: area === null ? "" : cg.text(table, spec.day, row),
        mark: area === null ? "" : cg.text(table, spec.scope, row),
        parts: announced === null ? [] : [cg.say(data, "announced", cg.area(announced))], source: cg.text(table, spec.source, row)
      };
    },
    status: function (_data, table, spec, row) {
      var status = cg.text(table, spec.status, row);
      return status ? { plain: status, day: cg.text(table, spec.day, row), source: cg.text(table, spec.source, row) } : {};
    },
    footprint: function (data, table, spec, row) {
      var error = cg.value(table, spec.error, row);
      return {
        plain: cg.text(table, spec.basis, row), parts: error === null ? [] : [distance(data, error)], source: cg.text(table, spec.source, row)
      };
    },
    column: function (_data, table, spec, row) { return { plain: cg.text(table, spec.column, row), linked: true }; }
  };

  function filled(said) {
    var body = cg.element("dd"), parts = (said.parts || []).slice();
    if (said.badge) { body.append(cg.badge(said.badge)); }
    if (said.strong) { body.append(cg.element("b", said.open ? "cg-unsettled" : "", said.strong)); }
    if (said.plain) { body.append.apply(body, said.linked ? cg.linked(said.plain) : [said.plain]); }
    if (said.day) { body.append(" ", cg.element("span", "cg-day", "(" + said.day + ")")); }
    if (said.mark) { body.append(" ", cg.element("em", "", said.mark)); }
    if (parts.length) { body.append((body.childNodes.length ? " · " : "") + parts.join(" · ")); }
    if (!body.childNodes.length) { return null; }
    if (said.note) { body.append(cg.element("span", "cg-note", said.note)); }
    if (said.remedy) { body.append(cg.element("span", "cg-note cg-remedy", said.remedy)); }
    var links = cg.links(said.source);
    if (links.length) {
      var source = cg.element("span", "cg-src");
      links.forEach(function (link, at) { source.append(at ? " · " : "", link); });
      body.append(source);
    }
    return body;
  }

  // The dated facts of a site, the oldest first; folded, because the answers come first.
  function past(data, table, row) {
    var held = table.history && table.history[row];
    if (!held || !held.length) { return null; }
    var folded = cg.element("details", "cg-past"), list = cg.element("ol");
    folded.append(cg.element("summary", "", cg.say(data, "timeline", cg.number(held.length, 0))));
    held.forEach(function (entry) {
      var item = cg.element("li"), source = cg.element("span", "cg-src"), day = cg.element("time", "", entry[0]);
      day.dateTime = entry[0];
      cg.links(entry[2]).concat(entry[3] ? [entry[3]] : []).forEach(function (one, at) { source.append(at ? " · " : "", one); });
      item.append(day, " ", entry[1], source);
      list.append(item);
    });
    folded.append(list);
    folded.addEventListener("toggle", function () { folded.dispatchEvent(new CustomEvent("cg-grown", { bubbles: true })); });
    return folded;
  }

  cg.card = function (data, table, row) {
    var card = cg.element("article", "cg-card"), list = cg.element("dl"), other = table.other && table.other[row];
    card.tabIndex = -1;
    card.append(cg.element("h2", "", table.names[row]));
    if (other) {
      var second = cg.element("p", "cg-other", other);
      second.lang = data.lang === "ko" ? "en" : "ko";
      card.append(second);
    }
    if (row >= table.placed && !table.columns.footprint) { card.append(cg.element("p", "cg-other", cg.say(data, "no_position"))); }
    var sectors = table.columns.sectors;
    if (sectors && sectors.lists && sectors.lists[row].length) {
      var chips = cg.element("ul", "cg-sectors");
      sectors.lists[row].forEach(function (code) {
        var chip = cg.element("li", "", sectors.words[code]);
        chip.style.setProperty("--c", sectors.colours[code]);
        chips.append(chip);
      });
      card.append(chips);
    }
    table.rows.forEach(function (spec) {
      var body = filled(kinds[spec.kind](data, table, spec, row));
      if (body) { list.append(cg.element("dt", "", spec.term), body); }
    });
    var folded = past(data, table, row);
    if (list.childNodes.length || folded) {
      // A long list scrolls, and a keyboard must be able to scroll it.
      var roll = cg.element("div", "cg-roll");
      roll.tabIndex = 0;
      roll.setAttribute("role", "group");
      roll.setAttribute("aria-label", table.names[row]);
      roll.append(list);
      if (folded) { roll.append(folded); }
      card.append(roll);
    }
    return card;
  };

  // The verdicts with their bounds and, where they are open, what would decide them.
  cg.tip = function (data, table, row) {
    var tip = cg.element("div", "cg-tip"), plain = 0;
    tip.append(cg.element("b", "", table.names[row]));
    table.rows.forEach(function (spec) {
      if (spec.kind !== "capital" && spec.kind !== "zone" && spec.kind !== "column") { return; }
      if (spec.kind === "column" && ++plain > 4) { return; }
      var said = kinds[spec.kind](data, table, spec, row), parts = [said.strong || said.plain].concat((said.parts || []).slice(0, spec.kind === "zone" ? 3 : 1));
      if (!parts[0]) { return; }
      tip.append(cg.element("p", said.open ? "cg-unsettled" : "", spec.term + ": " + parts.join(" · ")));
      if (said.open && said.remedy) { tip.append(cg.element("p", "cg-remedy", said.remedy)); }
    });
    return tip;
  };
})(clustergeo);
