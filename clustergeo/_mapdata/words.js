// Elements and texts. Whatever comes from data is set as text, never as markup.
(function (cg) {
  "use strict";

  cg.element = function (name, kind, text) {
    var made = document.createElement(name);
    if (kind) { made.className = kind; }
    if (text !== undefined && text !== null) { made.textContent = text; }
    return made;
  };

  cg.svg = function (name, attributes) {
    var made = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.keys(attributes || {}).forEach(function (key) {
      if (attributes[key] !== null && attributes[key] !== undefined && attributes[key] !== "") { made.setAttribute(key, attributes[key]); }
    });
    return made;
  };

  cg.say = function (data, key) {
    var parts = Array.prototype.slice.call(arguments, 2), at = 0;
    return data.words[key].replace(/\{(\d?)\}/g, function (_all, place) { return parts[place === "" ? at++ : Number(place)]; });
  };

  cg.number = function (value, places) {
    return value.toLocaleString("en-US", { maximumFractionDigits: places });
  };

  // The usual decimals, more where they would leave fewer digits than are wanted, and never nothing for something: the
  // digits of `_digits.py`.
  function figure(value, usual, finest, wanted) {
    var decimals = value ? Math.min(finest, Math.max(usual, wanted - 1 - Math.floor(Math.log10(Math.abs(value))))) : usual;
    var text = cg.number(value, decimals);
    return /[1-9]/.test(text) ? text : value ? "<" + Math.pow(10, -finest).toFixed(finest) : "0";
  }

  cg.area = function (value) { return figure(value, 3, 6, 2); };

  cg.distance = function (value) { return figure(value, 1, 3, 1); };

  // What is not all of it is not shown as all.
  cg.percent = function (value) { return (value < 1 && value > 0.9995 ? ">99.9" : figure(value * 100, 1, 1, 1)) + " %"; };

  cg.text = function (table, column, row) {
    var held = column && table.columns[column];
    if (!held) { return ""; }
    if (held.words) { return held.codes[row] < 0 ? "" : held.words[held.codes[row]]; }
    var value = held.numbers[row];
    return value === null ? "" : cg.number(value, 6);
  };

  cg.value = function (table, column, row) {
    var held = column && table.columns[column];
    return held ? held.numbers[row] : null;
  };

  // A link to an http or https address; nothing for any other text.
  function link(word, shown) {
    var url, made;
    try { url = new URL(word); } catch (_error) { return null; }
    if ((url.protocol !== "http:" && url.protocol !== "https:") || !url.hostname) { return null; }
    made = cg.element("a", "", shown || url.hostname.replace(/^www\./, ""));
    made.href = url.href;
    made.target = "_blank";
    made.rel = "noopener noreferrer";
    return made;
  }

  // The http and https links of a text; anything else in it is dropped.
  cg.links = function (text) {
    var seen = {};
    return (text || "").split(/\s+/).map(function (word) { return link(word); }).filter(function (one) {
      var first = one && !seen[one.href];
      if (one) { seen[one.href] = true; }
      return first;
    });
  };

  // A text whose http and https addresses are links; one that was cut short leads nowhere.
  cg.linked = function (text) {
    var found = [], at = 0;
    text.replace(/https?:\/\/[^\s<>"]+/gi, function (word, place) {
      // What ends a sentence or a bracket is no part of an address.
      var address = word.replace(/[.,;:!?'\u2019\u201d]+$/, "");
      if (address.indexOf("(") < 0) { address = address.replace(/\)[.,;:!?]*$/, ""); }
      var made = address.indexOf("\u2026") < 0 ? link(address, address) : null;
      if (!made) { return word; }
      found.push(text.slice(at, place), made);
      at = place + address.length;
      return word;
    });
    return found.concat(text.slice(at));
  };

  cg.badge = function (way) { return cg.element("b", "cg-badge cg-" + way.answer, way.letter); };

  cg.way = function (table, row) { return table.rdz ? table.rdz.ways[table.rdz.codes[row]] : null; };
})(clustergeo);
