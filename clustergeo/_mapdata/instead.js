// What the page shows where a part of it is missing. It stands before what needs Leaflet to be there.
(function (cg) {
  "use strict";

  // The picture for pages without scripts, where a script could not be loaded or the data not be read.
  cg.instead = function (why) {
    var held = document.querySelector("noscript.cg-instead"), made = cg.element("div"), told;
    // What the element holds is the page's own markup, whose texts are escaped.
    made.innerHTML = held.textContent;
    told = made.querySelector(".cg-why");
    told.textContent = why;
    told.setAttribute("role", "alert");
    document.body.append(made);
  };

  document.addEventListener("DOMContentLoaded", function () {
    var styles = [].slice.call(document.querySelectorAll("link[rel=stylesheet]"));
    if (!window.L || styles.some(function (one) { return !one.sheet; })) { cg.instead(document.querySelector("noscript.cg-instead").dataset.unloaded); }
  });
})(clustergeo);
