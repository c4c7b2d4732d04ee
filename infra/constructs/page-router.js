// The CloudFront function of the site: a path of a page is answered with the document of its
// application, which reads the path. A file at the top level, such as /config.json, has a dot.
function handler(event) {
  var request = event.request;
  if (/^\/[^/]*\.[^/]*$/.test(request.uri)) return request;
  request.uri = /^\/back-office(\/|$)/.test(request.uri) ? '/staff.html' : '/index.html';
  return request;
}
