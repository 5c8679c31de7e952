#include "gibbon/search/choice_minimizer.hpp"

#include <fmt/format.h>

#include <pagmo/algorithms/sga.hpp>
#include <pagmo/population.hpp>
#include <pagmo/problem.hpp>

#include "gibbon/base/error.hpp"

namespace gibbon::search {

namespace {

using Loss = std::function<double(std::span<const std::uint8_t>)>;

Choices to_choices(const pagmo::vector_double& point) {
  Choices choices;
  for (const double value : point) choices.push_back(static_cast<std::uint8_t>(value));
  return choices;
}

/// pagmo's form of a problem of whole numbers.
struct ChoiceProblem {
  pagmo::vector_double highest;
  const Loss* loss = nullptr;

  pagmo::vector_double fitness(const pagmo::vector_double& point) const {
    return {(*loss)(to_choices(point))};
  }
  std::pair<pagmo::vector_double, pagmo::vector_double> get_bounds() const {
    return {pagmo::vector_double(highest.size(), 0.0), highest};
  }
  pagmo::vector_double::size_type get_nix() const { return highest.size(); }
};

void require_options(std::span<const int> counts, const ChoiceMinimizerOptions& options) {
  if (counts.empty()) throw base::Error("minimizer: there is nothing to decide");
  for (const int count : counts) {
    if (count >= 1 && count <= 256) continue;
    throw base::Error(fmt::format("minimizer: {} choices, allowed are 1 to 256", count));
  }
  if (options.population < 5 || options.generations < 1) {
    throw base::Error(
        fmt::format("minimizer: {} members and {} generations, at least 5 and 1 are needed",
                    options.population, options.generations));
  }
  for (const Choices& start : options.start) {
    bool fits = start.size() == counts.size();
    for (std::size_t i = 0; fits && i < start.size(); ++i) fits = start[i] < counts[i];
    if (!fits) throw base::Error("minimizer: a start does not fit the decisions");
  }
}

/// One decision after the other takes its best choice, until none finds a better one.
void descend(std::span<const int> counts, const Loss& loss, Choices& choices) {
  double smallest = loss(choices);
  std::size_t unchanged = 0;
  for (std::size_t i = 0; unchanged < counts.size(); i = (i + 1) % counts.size()) {
    ++unchanged;
    std::uint8_t best = choices[i];
    for (int choice = 0; choice < counts[i]; ++choice) {
      choices[i] = static_cast<std::uint8_t>(choice);
      const double now = loss(choices);
      if (now >= smallest) continue;
      smallest = now;
      best = choices[i];
      unchanged = 0;
    }
    choices[i] = best;
  }
}

}  // namespace

Choices minimize_choices(std::span<const int> counts, const Loss& loss,
                         const ChoiceMinimizerOptions& options) {
  require_options(counts, options);
  ChoiceProblem problem;
  problem.loss = &loss;
  for (const int count : counts) problem.highest.push_back(count - 1);
  const auto seed = static_cast<unsigned>(options.seed ^ (options.seed >> 32));

  pagmo::population population(pagmo::problem(problem), 0, seed);
  for (const Choices& start : options.start) {
    population.push_back(pagmo::vector_double(start.begin(), start.end()));
  }
  const auto size = static_cast<std::size_t>(options.population);
  while (population.size() < size) population.push_back(population.random_decision_vector());

  // Two genes of a child change on average.
  const double mutation = std::min(1.0, 2.0 / static_cast<double>(counts.size()));
  const pagmo::sga algorithm(static_cast<unsigned>(options.generations), 0.9, 1.0, mutation, 1.0, 2,
                             "single", "uniform", "tournament", seed);
  Choices best = to_choices(algorithm.evolve(std::move(population)).champion_x());
  descend(counts, loss, best);
  return best;
}

}  // namespace gibbon::search
