#include "gibbon/app/command.hpp"

int main(int argc, char** argv) {
  return gibbon::app::run_program(gibbon::app::full_commands(), argc, argv);
}
