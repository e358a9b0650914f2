#include "check.h"

#include "base/text.h"
#include "web/template.h"

enum name {
	NAME,
	NONE,
	EMPTY,
	SAID,
	UNSAID,
	LIST,
	NOBODY,
	N,
	MARKUP,
	NAMES
};
static const char *const names[NAMES] = { "name", "none", "empty", "said",
	"unsaid", "list", "nobody", "n", "markup" };

static const char phrases[] = "# a remark = no phrase\n"
			      "\n"
			      "hello = Hello {{name}}\n"
			      "long = one\n"
			      "\ttwo\n"
			      "    three\n"
			      "twice = first\n"
			      "twice = second\n"
			      "last = at the end";

static void
write_markup(const void *what, struct text *out)
{
	text_add(out, what);
}

static struct variable one[] = { { .name = N, .text = "1" } };
static struct variable two[] = { { .name = N, .text = "2", .next = &two[1] },
	{ .name = NAME, .text = "inner" } };
static struct section list[] = { { .variable = one, .next = &list[1] },
	{ .variable = two } };
static struct variable variables[] = {
	{ .name = NAME, .text = "<b>&\"'", .next = &variables[1] },
	{ .name = NONE, .text = NULL, .next = &variables[2] },
	{ .name = EMPTY, .text = "", .next = &variables[3] },
	{ .name = SAID, .phrase = "hello", .next = &variables[4] },
	{ .name = UNSAID, .phrase = "no such phrase", .next = &variables[5] },
	{ .name = LIST, .list = list, .next = &variables[6] },
	{ .name = MARKUP, .write = write_markup, .what = "<i>" },
};

/* One template and the phrases. */
static struct templates *
templates_of(
    const char *template, const char *words, struct template_error *error)
{
	const struct template_source sources[] = {
		{ "page", "page.html", template, strlen(template), false },
		{ "words", "en.phrases", words, strlen(words), true },
	};

	return templates_new(sources, COUNT(sources), names, NAMES, error);
}

/* Render a template with the variables and phrases; false where it is refused
 * or does not fit. */
static bool
render(const char *template, enum template_form form, char *buf, size_t size)
{
	const struct section section = { .variable = variables };
	struct template_error error;
	struct templates *templates = templates_of(template, phrases, &error);
	struct text out;
	bool fine;

	if (templates == NULL) {
		fail_msg("%s: %s", template, error.what);
	}
	text_init(&out, buf, size);
	fine = template_render(templates, "page", form, &section, &out);
	templates_free(templates);
	return fine;
}

static void
templates_rendered(void **state)
{
	static const struct {
		const char *sentence, *source;
		const char *want; /* NULL: refused */
	} rows[] = {
		{ "text alone", "a { b } c", "a { b } c" },
		{ "nothing", "", "" },
		{ "a variable is escaped", "[{{name}}]",
		    "[&lt;b&gt;&amp;&quot;&#39;]" },
		{ "a variable without text writes nothing", "[{{none}}]",
		    "[]" },
		{ "a phrase by its name", "{{last}}", "at the end" },
		{ "a phrase sees the variables", "{{said}}",
		    "Hello &lt;b&gt;&amp;&quot;&#39;" },
		{ "a phrase over lines", "{{long}}", "one\n\ttwo\n    three" },
		{ "a remark", "a{{! {name} }}b", "ab" },
		{ "texts and phrases side by side", "a{{last}}b{{! }}c{{last}}",
		    "aat the endbcat the end" },
		{ "one phrase at the end of two texts",
		    "a{{last}}{{name}}a{{last}}{{last}}",
		    "aat the end&lt;b&gt;&amp;&quot;&#39;"
		    "aat the endat the end" },
		{ "a text behind a block is not of it",
		    "{{#none}}a{{last}}{{/none}}{{last}}{{#said}}b{{/said}}",
		    "at the endb" },
		{ "nor one before it",
		    "a{{^none}}{{last}}{{/none}}{{#none}}b{{/none}}c",
		    "aat the endc" },
		{ "a block of a list", "{{#list}}<{{n}}>{{/list}}", "<1><2>" },
		{ "an inner section hides the outer",
		    "{{#list}}{{name}},{{/list}}",
		    "&lt;b&gt;&amp;&quot;&#39;,inner," },
		{ "a block of a text", "{{#name}}yes{{/name}}", "yes" },
		{ "a block of a phrase", "{{#said}}yes{{/said}}", "yes" },
		{ "a block of an empty text", "{{#empty}}yes{{/empty}}", "" },
		{ "a block of no text", "{{#none}}yes{{/none}}", "" },
		{ "a block of an empty list", "{{#nobody}}yes{{/nobody}}", "" },
		{ "the absence of a text", "{{^none}}no{{/none}}", "no" },
		{ "the absence of an empty list", "{{^nobody}}no{{/nobody}}",
		    "no" },
		{ "no absence of a list", "{{^list}}no{{/list}}", "" },
		{ "no absence of a text", "{{^name}}no{{/name}}", "" },
		{ "blocks within blocks",
		    "{{#list}}{{#said}}{{n}}{{/said}}{{/list}}", "12" },
		{ "block lines leave no empty lines",
		    "a\n{{#list}}\n{{n}}\n{{/list}}\nb\n", "a\n1\n2\nb\n" },
		{ "an unknown phrase of a variable", "{{unsaid}}", NULL },
		{ "a block within one of its name",
		    "{{#list}}{{#n}}{{#list}}{{n}}{{/list}}{{/n}}{{/list}}",
		    "1212" },
		{ "what a block hid is there again",
		    "{{#list}}{{/list}}{{n}}|"
		    "{{#list}}{{name}}{{/list}}{{name}}",
		    "|&lt;b&gt;&amp;&quot;&#39;inner&lt;b&gt;&amp;&quot;&#39;" },
		{ "a variable that is not set",
		    "[{{n}}]{{#n}}x{{/n}}{{^n}}y{{/n}}", "[]y" },
		{ "a variable with markup of its own", "{{markup}}", "<i>" },
		{ "the later phrase of a name", "{{twice}}", "second" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char buf[128];
		const bool fine = render(
		    rows[i].source, TEMPLATE_HTML, buf, sizeof(buf));

		check_int(rows[i].sentence, fine, rows[i].want != NULL);
		if (rows[i].want != NULL) {
			check_text(rows[i].sentence, buf, rows[i].want);
		}
	}
}

static void
plain_is_not_escaped(void **state)
{
	char buf[64];

	(void)state;
	assert_true(
	    render("{{name}} {{hello}}", TEMPLATE_PLAIN, buf, sizeof(buf)));
	check_text("as it is", buf, "<b>&\"' Hello <b>&\"'");
}

#define FOUR "{{#n}}{{#n}}{{#n}}{{#n}}"

static void
wrong_ones_are_refused(void **state)
{
	static const struct {
		const char *sentence, *source, *phrases, *want;
	} rows[] = {
		{ "an unknown name", "\n{{what}}", "a = b\n",
		    "page.html:2: unknown name \"what\"" },
		{ "an unknown name where it is not written",
		    "{{#none}}{{what}}{{/none}}", "a = b\n",
		    "page.html:1: unknown name \"what\"" },
		{ "a block of an unknown name", "{{#what}}{{/what}}", "a = b\n",
		    "page.html:1: unknown name \"what\"" },
		{ "a block of a phrase", "{{#a}}{{/a}}", "a = b\n",
		    "page.html:1: unknown name \"a\"" },
		{ "an open hole", "a\n\n {{name", "a = b\n",
		    "page.html:3: a hole is never closed" },
		{ "an open block", "\n{{#name}} a", "a = b\n",
		    "page.html:2: a block is never closed: \"name\"" },
		{ "a block closed by another name", "{{#name}}{{/list}}",
		    "a = b\n",
		    "page.html:1: another block is open than \"list\"" },
		{ "a closing alone", "{{/name}}", "a = b\n",
		    "page.html:1: no block is open for \"name\"" },
		{ "an empty hole", "{{}}", "a = b\n",
		    "page.html:1: a hole without a name" },
		{ "an empty block", "{{#}}", "a = b\n",
		    "page.html:1: a hole without a name" },
		{ "a remark of the phrase file is no phrase", "{{# c}}",
		    "# c = d\n",
		    "page.html:1: a block is never closed: \" c\"" },
		{ "phrases in a ring", "",
		    "a = b\nring = {{back}}\n"
		    "back = {{ring}}\n",
		    "en.phrases:2: leads back to itself: \"ring\"" },
		{ "a template that holds itself", "{{page}}", "a = b\n",
		    "page.html:1: leads back to itself: \"page\"" },
		{ "a phrase with an unknown name", "",
		    "a = b\n\n"
		    "c = d\n\te {{f}}\n",
		    "en.phrases:4: unknown name \"f\"" },
		{ "a line that is no phrase", "", "a = b\nhello\n",
		    "en.phrases:2: not of the form NAME = TEXT" },
		{ "too many blocks", FOUR FOUR FOUR FOUR "{{#n}}", "a = b\n",
		    "page.html:1: too many blocks within \"n\"" },
		{ "a phrase without a name", "", " = b\n",
		    "en.phrases:1: not of the form NAME = TEXT" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct template_error error;
		struct templates *templates = templates_of(
		    rows[i].source, rows[i].phrases, &error);

		if (templates != NULL) {
			fail_msg("%s: taken", rows[i].sentence);
		}
		check_text(rows[i].sentence, error.what, rows[i].want);
	}
}

static void
too_little_room(void **state)
{
	char buf[8];

	(void)state;
	assert_true(render("1234567", TEMPLATE_HTML, buf, sizeof(buf)));
	assert_false(render("12345678", TEMPLATE_HTML, buf, sizeof(buf)));
	assert_false(render("{{name}}", TEMPLATE_HTML, buf, sizeof(buf)));
}

static void
escapes(void **state)
{
	static const struct {
		const char *sentence, *text, *want;
	} rows[] = {
		{ "plain text", "a b", "a b" },
		{ "a tag", "<script>", "&lt;script&gt;" },
		{ "the end of an attribute", "\" onload='x'",
		    "&quot; onload=&#39;x&#39;" },
		{ "a reference is not taken for one", "&lt;", "&amp;lt;" },
		{ "control characters", "a\r\n\tb\x7f\x01", "a???b??" },
		{ "other letters", "é", "é" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char buf[64];
		struct text out;

		text_init(&out, buf, sizeof(buf));
		template_escape(&out, rows[i].text, strlen(rows[i].text));
		check_text(rows[i].sentence, buf, rows[i].want);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(templates_rendered),
		cmocka_unit_test(plain_is_not_escaped),
		cmocka_unit_test(wrong_ones_are_refused),
		cmocka_unit_test(too_little_room),
		cmocka_unit_test(escapes),
	};

	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
