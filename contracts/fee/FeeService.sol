// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governed} from "../governance/Governed.sol";
import {IFeeService} from "../interfaces/IFeeService.sol";

/// @title Prices of messages
/// @dev Warning: the pricer can set prices at once, up to the ceilings; it can make sending that expensive, free or
/// impossible, nothing else. The owner (timelock) sets the ceilings, the pricer and who receives fees. So a sender who
/// leaves an approval open, or sends more than the quote, risks the difference to the ceiling, and learns of a higher
/// ceiling before it takes effect.
contract FeeService is IFeeService, Governed {
    /// A ceiling is at most this much of the token's smallest unit per gas, so that no fee overflows.
    uint256 public constant GAS_PRICE_MAX = 1e30;
    uint256 public constant BASE_GAS_MAX = 1e8;

    address public pricer;
    address public receiver;
    mapping(uint256 toChain => uint256) public baseGas;
    mapping(uint256 toChain => mapping(address feeToken => uint256)) public gasPrice;
    /// Ceilings of the two, 0 until the owner opens the lane, and the lane for the token.
    mapping(uint256 toChain => uint256) public baseGasCeiling;
    mapping(uint256 toChain => mapping(address feeToken => uint256)) public gasPriceCeiling;

    event BaseGasCeilingSet(uint256 indexed toChain, uint256 ceiling);
    event GasPriceCeilingSet(uint256 indexed toChain, address indexed feeToken, uint256 ceiling);
    event PricerSet(address indexed pricer);

    error NotPricer(address caller);
    error AboveCeiling(uint256 value, uint256 ceiling);
    error AboveMaximum(uint256 value, uint256 maximum);
    error ZeroAddress();

    modifier onlyPricer() {
        if (msg.sender != pricer) revert NotPricer(msg.sender);
        _;
    }

    function initialize(address owner_, address pricer_, address receiver_) external initializer {
        __Ownable_init(owner_);
        _setPricer(pricer_);
        _setReceiver(receiver_);
    }

    /// @notice Gas of a delivery itself, up to the ceiling. 0 closes the lane for sending.
    function setBaseGas(uint256 toChain, uint256 gas) external onlyPricer {
        uint256 ceiling = baseGasCeiling[toChain];
        if (gas > ceiling) revert AboveCeiling(gas, ceiling);
        _setBaseGas(toChain, gas);
    }

    /// @notice Price of one unit of gas of `toChain` in `feeToken`, up to the ceiling; 0 means the token is not accepted.
    function setGasPrice(uint256 toChain, address feeToken, uint256 price) external onlyPricer {
        uint256 ceiling = gasPriceCeiling[toChain][feeToken];
        if (price > ceiling) revert AboveCeiling(price, ceiling);
        _setGasPrice(toChain, feeToken, price);
    }

    /// @notice The most that `setBaseGas` takes for `toChain`. What is above it now comes down to it.
    function setBaseGasCeiling(uint256 toChain, uint256 ceiling) external onlyOwner {
        if (ceiling > BASE_GAS_MAX) revert AboveMaximum(ceiling, BASE_GAS_MAX);
        baseGasCeiling[toChain] = ceiling;
        emit BaseGasCeilingSet(toChain, ceiling);
        if (baseGas[toChain] > ceiling) _setBaseGas(toChain, ceiling);
    }

    /// @notice The most that `setGasPrice` takes for `toChain` in `feeToken`. What is above it now comes down to it.
    function setGasPriceCeiling(uint256 toChain, address feeToken, uint256 ceiling) external onlyOwner {
        if (ceiling > GAS_PRICE_MAX) revert AboveMaximum(ceiling, GAS_PRICE_MAX);
        gasPriceCeiling[toChain][feeToken] = ceiling;
        emit GasPriceCeilingSet(toChain, feeToken, ceiling);
        if (gasPrice[toChain][feeToken] > ceiling) _setGasPrice(toChain, feeToken, ceiling);
    }

    function setPricer(address pricer_) external onlyOwner {
        _setPricer(pricer_);
    }

    function setReceiver(address receiver_) external onlyOwner {
        _setReceiver(receiver_);
    }

    /// @inheritdoc IFeeService
    function getMessageFee(uint256 toChain, address feeToken, uint256 gasLimit)
        external
        view
        returns (uint256 fee, address receiver_)
    {
        uint256 base = baseGas[toChain];
        uint256 price = gasPrice[toChain][feeToken];
        if (base == 0 || price == 0) revert NotPriced(toChain, feeToken);
        return ((base + gasLimit) * price, receiver);
    }

    function _setBaseGas(uint256 toChain, uint256 gas) private {
        baseGas[toChain] = gas;
        emit BaseGasSet(toChain, gas);
    }

    function _setGasPrice(uint256 toChain, address feeToken, uint256 price) private {
        gasPrice[toChain][feeToken] = price;
        emit GasPriceSet(toChain, feeToken, price);
    }

    function _setPricer(address pricer_) private {
        if (pricer_ == address(0)) revert ZeroAddress();
        pricer = pricer_;
        emit PricerSet(pricer_);
    }

    function _setReceiver(address receiver_) private {
        if (receiver_ == address(0)) revert ZeroAddress();
        receiver = receiver_;
        emit ReceiverSet(receiver_);
    }
}
