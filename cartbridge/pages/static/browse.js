// CartBridge: tells the shop's own gateway what a visitor looks at, once she agreed, never before.
// No cookie, no third party. Its id is forgotten with the tab. How to use it: README, "Browsing".
(function () {
  "use strict";
  var tag = document.currentScript, NAME = "cartbridge-session";
  var address = tag.src.replace(/browse\.js.*$/, "v1/browse/" + tag.dataset.connection);
  var agreed = false, waiting = [];

  function session() {
    var id = sessionStorage.getItem(NAME);
    if (!id && agreed) {
      id = Array.from(crypto.getRandomValues(new Uint8Array(16)), function (byte) {
        return byte.toString(16).padStart(2, "0");
      }).join("");
      sessionStorage.setItem(NAME, id);
    }
    return id;
  }

  function tell(facts) {
    return fetch(address, {
      method: "POST", credentials: "omit", referrerPolicy: "no-referrer", keepalive: true,
      headers: {"content-type": "application/json"},
      body: JSON.stringify({session: session(), consent: {analytics: agreed}, facts: facts})
    }).catch(function () {});
  }

  function seen(fact) {
    if (agreed) return tell([fact]);
    waiting = waiting.concat(fact).slice(-20);  // of this very page, in memory alone
  }

  window.cartbridge = {
    // {analytics: true} when she agrees, {analytics: false} when she does not any more.
    consent: function (said) {
      agreed = said.analytics === true;
      var facts = agreed ? waiting : [];
      waiting = [];
      if (agreed ? facts.length : session()) tell(facts);
      if (!agreed) sessionStorage.removeItem(NAME);
    },
    viewed: function (item) { seen({what: "product_viewed", item: item}); },  // {sku, gtin, title}
    listed: function (name) { seen({what: "list_viewed", text: name}); },
    searched: function (words) { seen({what: "searched", text: words}); },
    session: session  // for the shop's server, which may tell whose it is; null before consent
  };
})();
