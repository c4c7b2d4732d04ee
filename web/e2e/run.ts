// Runs the tests of the pages in a browser, in one process with one browser.
import './customer.test.ts';
import './race.test.ts';
import './failures.test.ts';
import './staff.test.ts';
import './pages.test.ts';
