#pragma once

namespace gibbon::sim {

/// While it lives, AMX instructions that the processor does not know (SIGILL) are decoded and
/// carried out by EmulatedTiles, so that the kernels' own machine code runs without AMX. x86-64
/// Linux; one at a time, for one thread; slow (some 0.1 ms an instruction). An instruction that the
/// kernels have no use for, or that would fault, ends the program with a message.
class AmxTrap {
 public:
  AmxTrap();
  ~AmxTrap();
  AmxTrap(const AmxTrap&) = delete;
  AmxTrap& operator=(const AmxTrap&) = delete;

  /// Whether this build can.
  static bool possible();
  /// Carried out so far.
  long instructions() const;
};

}  // namespace gibbon::sim
