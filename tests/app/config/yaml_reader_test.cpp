#include "gibbon/app/config/yaml_reader.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "error_of.hpp"
#include "gibbon/base/error.hpp"

namespace gibbon::app {
namespace {

YamlValue value_of(const std::string& text) {
  return *read_yaml_text("a:\n  b: " + text + "\n", "x.yaml").child("a")->child("b");
}

TEST(YamlReader, WholeNumbersHaveInclusiveBounds) {
  EXPECT_EQ(value_of("1").integer(1, 100), 1);
  EXPECT_EQ(value_of("100").integer(1, 100), 100);
  const std::string expected = "', expected a whole number from 1 to 100";
  for (const std::string bad : {"0", "101", "ten", "1.5", "99999999999999999999", "0x10"}) {
    EXPECT_EQ(test::error_of([&] { value_of(bad).integer(1, 100); }),
              "x.yaml:2: a.b: got '" + bad + expected);
  }
  const std::string sixty(60, '1');
  EXPECT_EQ(test::error_of([&] { value_of(sixty).integer(1, 100); }),
            "x.yaml:2: a.b: got '" + sixty + expected);
  EXPECT_EQ(test::error_of([&] { value_of(sixty + "2").integer(1, 100); }),
            "x.yaml:2: a.b: got '" + sixty + "..." + expected);
  EXPECT_EQ(test::error_of([&] { value_of(sixty.substr(1) + "µ").integer(1, 100); }),
            "x.yaml:2: a.b: got '" + sixty.substr(1) + "..." + expected);
  EXPECT_EQ(test::error_of([] { value_of("").integer(1, 100); }),
            "x.yaml:2: a.b: got nothing, expected a whole number from 1 to 100");
}

TEST(YamlReader, NumbersHaveInclusiveBoundsAndAreFinite) {
  EXPECT_DOUBLE_EQ(value_of("1e-3").number(0, 1), 0.001);
  EXPECT_DOUBLE_EQ(value_of("1").number(0, 1), 1);
  for (const std::string bad : {"1.001", "-1e-9", "nan", "inf", ".inf", "fast"}) {
    EXPECT_EQ(test::error_of([&] { value_of(bad).number(0, 1); }),
              "x.yaml:2: a.b: got '" + bad + "', expected a number from 0 to 1");
  }
}

TEST(YamlReader, BooleansAreTrueAndFalseOnly) {
  EXPECT_TRUE(value_of("true").boolean());
  EXPECT_FALSE(value_of("false").boolean());
  EXPECT_EQ(test::error_of([] { value_of("yes").boolean(); }),
            "x.yaml:2: a.b: got 'yes', expected true or false");
}

TEST(YamlReader, ChoicesSuggestTheNearest) {
  EXPECT_EQ(value_of("fix").one_of({"scale", "fix"}), "fix");
  EXPECT_EQ(test::error_of([] {
              value_of("scle").one_of({"scale", "fix"});
            }),
            "x.yaml:2: a.b: got 'scle', expected one of scale, fix; did you mean 'scale'?");
}

TEST(YamlReader, WrongKindsOfValueAreNamed) {
  EXPECT_EQ(test::error_of([] { value_of("[1, 2]").text(); }),
            "x.yaml:2: a.b: got a list, expected a text");
  EXPECT_EQ(test::error_of([] { value_of("{c: 1}").integer(0, 1); }),
            "x.yaml:2: a.b: got a map, expected a whole number from 0 to 1");
  EXPECT_EQ(test::error_of([] { value_of("7").list(); }),
            "x.yaml:2: a.b: got '7', expected a list");
  EXPECT_EQ(test::error_of([] { value_of("7").map(); }),
            "x.yaml:2: a.b: got '7', expected a map of keys and values");
}

TEST(YamlReader, ListItemsKnowTheirPlace) {
  const auto items = read_yaml_text("a:\n  - 1\n  - two\n", "x.yaml").child("a")->list();
  EXPECT_EQ(items[0].integer(0, 9), 1);
  EXPECT_EQ(test::error_of([&] { items[1].integer(0, 9); }),
            "x.yaml:3: a[1]: got 'two', expected a whole number from 0 to 9");
}

TEST(YamlReader, UnknownKeysAreRefusedWithTheNearest) {
  YamlMap map = read_yaml_text("seed: 1\nserach: 2\n", "x.yaml").map();
  map.find("seed");
  map.find("search");
  EXPECT_EQ(test::error_of([&] { map.finish(); }),
            "x.yaml:2: serach: unknown key; did you mean 'search'? Allowed: seed, search");
}

TEST(YamlReader, UnknownKeysWithoutANearOneAreRefused) {
  YamlMap map = read_yaml_text("a:\n  zebra: 2\n", "x.yaml").child("a")->map();
  map.find("seed");
  EXPECT_EQ(test::error_of([&] { map.finish(); }), "x.yaml:2: a.zebra: unknown key. Allowed: seed");
}

TEST(YamlReader, MissingKeysAreRefusedAfterUnknownOnes) {
  YamlMap map = read_yaml_text("# first\nother: 1\n", "x.yaml").map();
  EXPECT_FALSE(map.require("name", "a text"));
  EXPECT_EQ(test::error_of([&] { map.finish(); }), "x.yaml:2: other: unknown key. Allowed: name");
  map.find("other");
  EXPECT_EQ(test::error_of([&] { map.finish(); }), "x.yaml:2: name: missing, expected a text");
}

TEST(YamlReader, KeysGivenTwiceAreRefused) {
  EXPECT_EQ(test::error_of([] { read_yaml_text("a:\n  b: 1\n  c: 2\n  b: 3\n", "x.yaml"); }),
            "x.yaml:4: a.b: given twice; the first is on line 2");
}

TEST(YamlReader, WhatIsNotYamlOrNotAMapIsRefused) {
  EXPECT_THAT(test::error_of([] { read_yaml_text("a: 1\nb: [1, 2\nc: 3\n", "x.yaml"); }),
              testing::MatchesRegex("x.yaml:[0-9]+: not valid YAML: .+"));
  EXPECT_EQ(test::error_of([] { read_yaml_text("- 1\n", "x.yaml"); }),
            "x.yaml:1: top level: got a list, expected a map of keys and values");
  EXPECT_EQ(test::error_of([] { read_yaml_text("", "x.yaml"); }),
            "x.yaml:1: top level: got nothing, expected a map of keys and values");
  EXPECT_EQ(test::error_of([] { read_yaml_text("[1]: 2\n", "x.yaml"); }),
            "x.yaml:1: top level: a key must be a plain word");
}

TEST(YamlReader, EndlessAliasesAreRefused) {
  EXPECT_THAT(test::error_of([] { read_yaml_text("a: &x [*x]\n", "x.yaml"); }),
              testing::HasSubstr("nested more than 50 deep"));
}

TEST(YamlReader, AliasesOfAliasesThatNameMoreThanAnyoneReadsAreRefused) {
  std::string text = "l0: &l0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (int level = 1; level <= 8; ++level) {  // 10^9 ones in 9 lines
    text += fmt::format("l{0}: &l{0} [", level);
    for (int i = 0; i < 10; ++i) text += fmt::format("{}*l{}", i > 0 ? ", " : "", level - 1);
    text += "]\n";
  }
  EXPECT_THAT(test::error_of([&] { read_yaml_text(text, "x.yaml"); }),
              testing::HasSubstr("more than 1000000 entries, each alias counted as what it names"));
}

TEST(YamlReader, BecomesJsonWithTypes) {
  const base::Json json =
      read_yaml_text("i: 3\nd: 1.0e6\nb: true\nt: 1T1R\nq: '3'\nl: [1, x]\nm: {k: }\n", "x").json();
  EXPECT_EQ(json.dump(), R"({"i":3,"d":1000000.0,"b":true,"t":"1T1R","q":"3","l":[1,"x"],)"
                         R"("m":{"k":null}})");
}

TEST(YamlReader, WrittenScalarsReadBack) {
  for (const std::string text : {"plain", "two words", "1e5", "true", "null", "area_mm2 <= 20",
                                 "a: b", "#x", "", "quote \" and \\", "/a/b-c.yaml", "@x", "nan"}) {
    const YamlValue root = read_yaml_text("k: " + yaml_scalar(text) + "\n", "x.yaml");
    EXPECT_EQ(root.child("k")->raw(), text);
    EXPECT_EQ(root.json()["k"], base::Json(text));
  }
}

TEST(YamlReader, MissingFilesAreNamed) {
  EXPECT_THAT(test::error_of([] { read_yaml_file("/no/such/file.yaml"); }),
              testing::HasSubstr("/no/such/file.yaml"));
}

}  // namespace
}  // namespace gibbon::app
